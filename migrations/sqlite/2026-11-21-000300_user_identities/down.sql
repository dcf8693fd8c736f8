ALTER TABLE sessions DROP COLUMN issuer;
DROP TABLE user_identities;
