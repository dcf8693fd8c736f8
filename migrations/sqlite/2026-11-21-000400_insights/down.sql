DROP TABLE insights_leases;
DROP TABLE insights_documents;
DROP TABLE insights_cursors;
DROP TABLE cost_rollups;
