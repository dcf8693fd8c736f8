-- What is wrong with the service, and was. Times are microseconds, values thousandths.
CREATE TABLE alerts (
    id TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    alert TEXT NOT NULL,
    severity TEXT NOT NULL,
    class TEXT,
    node TEXT,
    summary TEXT NOT NULL,
    value_milli BIGINT NOT NULL,
    raised_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    resolved_at BIGINT
);
-- Of all processes that find the same at once, one raises it.
CREATE UNIQUE INDEX alerts_firing ON alerts (fingerprint) WHERE resolved_at IS NULL;

-- What each process's main figures were, a row a minute. Times are microseconds, figures JSON.
CREATE TABLE metric_samples (
    at BIGINT NOT NULL,
    node TEXT NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (at, node)
);
