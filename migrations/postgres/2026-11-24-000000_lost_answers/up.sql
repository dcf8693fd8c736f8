-- Whose turn it is, and when (microseconds) what it asked for was done; NULL: not that we know.
ALTER TABLE idempotency_keys ADD COLUMN turn_id TEXT;
ALTER TABLE idempotency_keys ADD COLUMN done_at BIGINT;
CREATE INDEX idempotency_keys_turn ON idempotency_keys (turn_id);
