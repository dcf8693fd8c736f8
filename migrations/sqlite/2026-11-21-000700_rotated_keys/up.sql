-- When (microseconds) a key was replaced by a new one; NULL: it was not.
ALTER TABLE api_keys ADD COLUMN rotated_at BIGINT;
