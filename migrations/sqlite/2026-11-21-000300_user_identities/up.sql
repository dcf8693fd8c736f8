-- Who an OpenID provider says a user is. A subject is never given to somebody else by its issuer, and
-- a user has one at each.
CREATE TABLE user_identities (
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject)
);
CREATE UNIQUE INDEX user_identities_user_id ON user_identities (user_id, issuer);

-- The issuer that said who it is; NULL: they signed in with a password.
ALTER TABLE sessions ADD COLUMN issuer TEXT;
