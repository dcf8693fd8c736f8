//! Two hundred thousand invocations, and of everything else as much as comes with them.

use tests::{Database, Kind};

/// As they would come in: runs of fifty calls each, of twenty projects in turn, a second between
/// two calls. One project in twenty is `default`.
pub(crate) fn fill(database: &Database) {
    let default = database.query("SELECT id FROM projects WHERE slug = 'default'");
    let default = default.first().map_or("p0", |row| row[0].as_str());
    for statement in STATEMENTS {
        let sql = statement.replace("[default]", default);
        database.execute(&spelt(database.kind(), &sql));
    }
    database.execute(match database.kind() {
        Kind::Sqlite => "PRAGMA user_version",
        Kind::Postgres => "VACUUM ANALYZE",
    });
}

/// `[to:n]` becomes a table `n (i)` of the numbers up to n, `[bytes:x]` the bytes of a text, `[now:]`
/// the microseconds since 1970.
fn spelt(kind: Kind, sql: &str) -> String {
    let mut spelt = String::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('[') {
        let (inside, after) = after.split_once(']').expect("a closing bracket");
        spelt += before;
        spelt += &match (inside.split_once(':').expect("a kind"), kind) {
            (("to", n), _) => format!(
                "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < {n})"
            ),
            (("bytes", text), Kind::Sqlite) => format!("CAST({text} AS BLOB)"),
            (("bytes", text), Kind::Postgres) => format!("convert_to({text}, 'UTF8')"),
            (("now", _), Kind::Sqlite) => "(CAST(strftime('%s') AS BIGINT) * 1000000)".to_owned(),
            (("now", _), Kind::Postgres) => {
                "CAST(extract(epoch FROM now()) * 1000000 AS BIGINT)".to_owned()
            }
            ((other, _), _) => panic!("{other}?"),
        };
        rest = after;
    }
    spelt + rest
}

/// The records that the service itself sealed come before index 10,000.
const STATEMENTS: [&str; 20] = [
    "[to:200000] INSERT INTO invocations
     SELECT 10000 + i, CASE i / 50 % 20 WHEN 0 THEN '[default]' ELSE 'p' || (i / 50 % 20) END,
            'event-' || i, 1760000000000000 + i * 1000000, 'run-' || (i / 50),
            'stage-' || (i % 4), 'span-' || i, NULL, 'chat',
            CASE i % 2 WHEN 0 THEN 'openai' ELSE 'anthropic' END, 'model-' || (i % 7),
            CASE i % 3 WHEN 0 THEN 'nano' WHEN 1 THEN 'mini' ELSE 'frontier' END,
            'agent-' || (i % 5), 'key-' || (i % 3),
            CASE i % 20 WHEN 0 THEN 'error' ELSE 'ok' END, NULL, 1000 * (i % 900), 1000, 100, 0, 0,
            0, 250000, i % 50 = 0
     FROM n",
    "INSERT INTO invocation_labels
     SELECT project_id, 'tag:common', occurred_at, ledger_index FROM invocations
     WHERE ledger_index >= 10000",
    "INSERT INTO invocation_labels
     SELECT project_id, 'tag:rare', occurred_at, ledger_index FROM invocations
     WHERE ledger_index >= 10000 AND ledger_index % 1000 = 7",
    "INSERT INTO invocation_labels
     SELECT project_id, 'phi:date', occurred_at, ledger_index FROM invocations
     WHERE ledger_index >= 10000 AND ledger_index % 5 = 0",
    "INSERT INTO runs SELECT project_id, run_id, min(ledger_index) FROM invocations
     WHERE ledger_index >= 10000 GROUP BY project_id, run_id",
    "INSERT INTO cost_rollups
     SELECT [bytes:'rollup-' || ledger_index], project_id, occurred_at / 3600000000, run_id, model,
            provider, tier, agent, stage, key_id, 1, 0, input_tokens, output_tokens, 0, 0, 0, 250000, 0
     FROM invocations WHERE ledger_index >= 10000",
    "INSERT INTO ledger_records
     SELECT 'invocations', ledger_index, [bytes:'nonce'], '{\"event_id\":\"' || event_id || '\"}'
     FROM invocations WHERE ledger_index >= 10000",
    "[to:50000] INSERT INTO ledger_records SELECT 'audit', 10000 + i, [bytes:'nonce'], '{}'
     FROM n",
    "[to:50000] INSERT INTO audit_events
     SELECT 10000 + i, 'p' || (i % 20), 1760000000000000 + i * 1000000, 'user:u' || (i % 50), 'signed_in'
     FROM n",
    "[to:1600] INSERT INTO ledger_entries
     SELECT CASE i % 2 WHEN 0 THEN 'invocations' ELSE 'audit' END, 100 + i,
            [bytes:'an entry' || i] FROM n",
    "[to:5000] INSERT INTO users SELECT 'user-' || i, 'user-' || i || '@x.test', 'hash', false, i,
     NULL, NULL FROM n",
    "[to:5000] INSERT INTO sessions (id_hash, user_id, created_at, seen_at, expires_at, id)
     SELECT [bytes:'session-' || i], 'user-' || i, i, i, 9000000000000000, 'session-' || i FROM n",
    "[to:5000] INSERT INTO projects
     SELECT 'project-' || i, 'slug-' || i, 'Project', '{}', [bytes:'secret'], i, NULL FROM n",
    "[to:20000] INSERT INTO api_keys
     SELECT 'key-' || i, 'project-' || (1 + i % 50), 'Key', [bytes:'hash-' || i], 'read', i, NULL,
            NULL, NULL, NULL FROM n",
    "[to:20000] INSERT INTO sign_in_failures SELECT [bytes:'subject-' || i], 3, 0, 9000000000000000
     FROM n",
    "[to:5000] INSERT INTO second_factors SELECT 'user-' || i, [bytes:'sealed'], true, i FROM n",
    "[to:5000] INSERT INTO user_identities
     SELECT 'https://issuer.test', 'subject-' || i, 'user-' || i, i FROM n",
    "[to:5000] INSERT INTO recovery_codes SELECT 'user-' || i, [bytes:'code'] FROM n",
    "[to:20000] INSERT INTO reports
     SELECT 'report-' || i, CASE i % 20 WHEN 0 THEN '[default]' ELSE 'p' || (i % 20) END, NULL, NULL,
            NULL, i, 'digest', '{}' FROM n",
    // Those of the last ten hours, each with its answer.
    "[to:20000] INSERT INTO idempotency_keys
     SELECT 'key:key-' || (i % 100), 'once-' || i, [bytes:'hash'], 201, 'application/json',
            [bytes:'answer'], [now:] - i * 1800000 - 60000000, 'request-' || i, [now:] FROM n",
];
