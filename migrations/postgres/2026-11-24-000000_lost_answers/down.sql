DROP INDEX idempotency_keys_turn;
ALTER TABLE idempotency_keys DROP COLUMN done_at;
ALTER TABLE idempotency_keys DROP COLUMN turn_id;
