DROP INDEX idempotency_keys_request;
ALTER TABLE idempotency_keys DROP COLUMN done_at;
ALTER TABLE idempotency_keys DROP COLUMN request_id;
