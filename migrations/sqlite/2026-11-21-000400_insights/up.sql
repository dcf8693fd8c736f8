-- What each hour's invocations come to: a row for each run, model, provider, tier, agent, stage and
-- API key that they have in common. The digest is that of all of these, the project and the hour.
-- Hours are counted from 1970-01-01T00:00Z.
CREATE TABLE cost_rollups (
    digest BLOB NOT NULL PRIMARY KEY,
    project_id TEXT NOT NULL,
    hour BIGINT NOT NULL,
    run_id TEXT,
    model TEXT,
    provider TEXT,
    tier TEXT,
    agent TEXT,
    stage TEXT,
    key_id TEXT,
    invocations BIGINT NOT NULL,
    errors BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    cache_read_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    cost_nano_usd BIGINT NOT NULL,
    unpriced BIGINT NOT NULL
);
CREATE INDEX cost_rollups_hour ON cost_rollups (project_id, hour);
CREATE INDEX cost_rollups_run ON cost_rollups (project_id, run_id);

-- Which invocations the rollups hold, as lists of ledger indexes: one row, changed with them.
CREATE TABLE insights_cursors (
    name TEXT NOT NULL PRIMARY KEY,
    cursor TEXT NOT NULL
);
INSERT INTO insights_cursors (name, cursor) VALUES ('workers', '');

-- What consumers of the database's own feed have done; changed by compare-and-set.
CREATE TABLE insights_documents (
    name TEXT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL,
    body TEXT NOT NULL
);

-- Who does what only one process needs to do, and until when (microseconds).
CREATE TABLE insights_leases (
    name TEXT NOT NULL PRIMARY KEY,
    holder TEXT NOT NULL,
    until BIGINT NOT NULL
);
