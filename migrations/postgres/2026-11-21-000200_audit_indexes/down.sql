DROP INDEX audit_events_action;
DROP INDEX audit_events_actor;
DROP INDEX audit_events_project;
DROP INDEX audit_events_time;
CREATE INDEX audit_events_action ON audit_events (action, ledger_index);
