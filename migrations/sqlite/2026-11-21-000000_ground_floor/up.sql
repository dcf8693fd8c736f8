CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    secret BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    deleted_at BIGINT
);

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    is_admin BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

CREATE TABLE sessions (
    id_hash BLOB NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user_id ON sessions (user_id);
CREATE INDEX sessions_expires_at ON sessions (expires_at);

CREATE TABLE memberships (
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX memberships_user_id ON memberships (user_id);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    key_hash BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_keys_project_id ON api_keys (project_id, id);

-- The first answer to each Idempotency-Key; status is null while the first request is under way.
CREATE TABLE idempotency_keys (
    principal TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    status BIGINT,
    headers TEXT,
    body BLOB,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (principal, idempotency_key)
);
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (created_at);
CREATE INDEX idempotency_keys_in_flight ON idempotency_keys (created_at) WHERE status IS NULL;

-- One row a log: the right edge of its tree and the newest signed checkpoint.
CREATE TABLE ledger_heads (
    log TEXT NOT NULL PRIMARY KEY,
    frontier BLOB NOT NULL,
    checkpoint TEXT NOT NULL
);

-- The log's entries, 256 to a row; the last row may be shorter.
CREATE TABLE ledger_entries (
    log TEXT NOT NULL,
    bundle BIGINT NOT NULL,
    entries BLOB NOT NULL,
    PRIMARY KEY (log, bundle)
);

-- Roots of complete subtrees of 256^level leaves, 256 to a row; level 0 follows from the entries.
CREATE TABLE ledger_tiles (
    log TEXT NOT NULL,
    level BIGINT NOT NULL,
    tile BIGINT NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (log, level, tile)
);

-- What each entry is a digest of. A record that was erased has no row here.
CREATE TABLE ledger_records (
    log TEXT NOT NULL,
    ledger_index BIGINT NOT NULL,
    nonce BLOB NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (log, ledger_index)
);

-- The entries, first to last, whose records were erased with their project.
CREATE TABLE ledger_erasures (
    log TEXT NOT NULL,
    first_index BIGINT NOT NULL,
    last_index BIGINT NOT NULL,
    project_id TEXT NOT NULL,
    PRIMARY KEY (log, first_index)
);
CREATE INDEX ledger_erasures_project_id ON ledger_erasures (project_id);

-- What queries need of each invocation's record; derived from it, and checked against it.
CREATE TABLE invocations (
    ledger_index INTEGER NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    run_id TEXT,
    stage TEXT,
    span_id TEXT,
    parent_span_id TEXT,
    operation TEXT,
    provider TEXT,
    model TEXT,
    tier TEXT,
    agent TEXT,
    key_id TEXT,
    status TEXT NOT NULL,
    error_type TEXT,
    latency_us BIGINT,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost_nano_usd BIGINT,
    unpriced BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX invocations_event_id ON invocations (project_id, event_id);
CREATE INDEX invocations_time ON invocations (project_id, occurred_at, ledger_index);
CREATE INDEX invocations_run ON invocations (project_id, run_id, occurred_at, ledger_index);

-- The tags (tag:…) and PHI classes (phi:…) of each invocation.
CREATE TABLE invocation_labels (
    project_id TEXT NOT NULL,
    label TEXT NOT NULL,
    occurred_at BIGINT NOT NULL,
    ledger_index BIGINT NOT NULL,
    PRIMARY KEY (project_id, label, occurred_at, ledger_index)
) WITHOUT ROWID;

-- Each run with the ledger index of its first invocation, which orders the list of runs.
CREATE TABLE runs (
    project_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    first_index BIGINT NOT NULL,
    PRIMARY KEY (project_id, run_id)
) WITHOUT ROWID;
CREATE INDEX runs_first_index ON runs (project_id, first_index);

-- What queries need of each audit record; derived from it, and checked against it.
CREATE TABLE audit_events (
    ledger_index INTEGER NOT NULL PRIMARY KEY,
    project_id TEXT,
    occurred_at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL
);
CREATE INDEX audit_events_action ON audit_events (action, ledger_index);

CREATE TABLE reports (
    id TEXT NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    run_id TEXT,
    from_at BIGINT,
    to_at BIGINT,
    created_at BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX reports_project_id ON reports (project_id, id);
