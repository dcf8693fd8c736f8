-- Whose answer it is, and when (microseconds) what it asked for was done; NULL: not that we know.
ALTER TABLE idempotency_keys ADD COLUMN request_id TEXT;
ALTER TABLE idempotency_keys ADD COLUMN done_at BIGINT;
CREATE INDEX idempotency_keys_request ON idempotency_keys (request_id);
