-- Until when (microseconds) a password is good that the service made; NULL: it was chosen.
ALTER TABLE users ADD COLUMN password_expires_at BIGINT;
