//! Counting what the service should say.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{Client, PROJECT, Service, eventually};

const GROUPS: [(&str, &str); 8] = [
    ("model", "model"),
    ("tier", "tier"),
    ("provider", "provider"),
    ("agent", "agent"),
    ("stage", "stage"),
    ("run", "run_id"),
    ("key", "key_id"),
    ("day", "occurred_at / 86400000000"),
];

/// Invocations, input and output tokens, nano-dollars, unpriced calls, by group.
type Sums = BTreeMap<String, [i64; 5]>;

/// What `GET …/costs` says, asked now, is what the rows come to, by every group.
#[track_caller]
pub(crate) fn sums_are_exact(service: &Service) {
    sums_are_exact_in(service, "", "");
}

/// The same of a period: as the query has it, and as the rows have it.
#[track_caller]
pub(crate) fn sums_are_exact_in(service: &Service, period: &str, condition: &str) {
    for (group, column) in GROUPS {
        let path = format!("{PROJECT}/costs?group_by={group}{period}");
        let told = service.key().get(&path).expect(200);
        let counted = recount(service, column, condition);
        let mut expected = counted.clone();
        if group == "day" {
            // Days have dates, which come in the same order.
            let dates = told["items"].as_array().unwrap().iter().map(key);
            expected = dates.zip(expected.into_values()).collect();
        }
        assert_eq!(told_sums(&told["items"]), expected, "{path}");
        let total =
            counted.values().fold([0; 5], |sum, it| std::array::from_fn(|i| sum[i] + it[i]));
        assert_eq!(numbers(&told["total"]), total, "{path}");
    }
}

fn recount(service: &Service, column: &str, condition: &str) -> Sums {
    let sql = format!(
        "SELECT coalesce(CAST({column} AS TEXT), ''), count(*), sum(input_tokens),
                sum(output_tokens), coalesce(sum(cost_nano_usd), 0),
                sum(CASE WHEN unpriced THEN 1 ELSE 0 END)
         FROM invocations i JOIN projects p ON p.id = i.project_id AND p.slug = 'default'
         WHERE 1 = 1 {condition} GROUP BY {column}"
    );
    let row = |row: Vec<String>| {
        let number = |at: usize| row[at].parse().unwrap();
        (row[0].clone(), [number(1), number(2), number(3), number(4), number(5)])
    };
    service.database().query(&sql).into_iter().map(row).collect()
}

fn key(item: &Value) -> String {
    item["key"].as_str().unwrap_or_default().to_owned()
}

fn told_sums(items: &Value) -> Sums {
    items.as_array().unwrap().iter().map(|item| (key(item), numbers(item))).collect()
}

fn numbers(item: &Value) -> [i64; 5] {
    let number = |name: &str| item[name].as_i64().unwrap();
    let cost = item["cost_usd"].as_str().unwrap();
    let (whole, parts) = cost.split_once('.').unwrap_or((cost, ""));
    let nano = format!("{whole}{parts:0<9}").parse().unwrap();
    [
        number("invocations"),
        number("input_tokens"),
        number("output_tokens"),
        nano,
        number("unpriced"),
    ]
}

/// How the feed stands, says the service to an administrator.
pub(crate) fn stream(admin: &Client) -> Value {
    admin.get("/api/v1/insights/stream").expect(200)
}

/// Waits until every invocation is in the rollups; then sums are exact, and the rollups and the
/// ledger hold against a recount.
#[track_caller]
pub(crate) fn all_is_added_up(service: &Service, admin: &Client) {
    eventually("everything is in the rollups", || {
        (stream(admin)["unapplied"] == json!(0)).then_some(())
    });
    sums_are_exact(service);
    verify(service, 0);
    let stored = service.database().count("SELECT count(*) FROM invocations");
    let rolled = service.database().count("SELECT coalesce(sum(invocations), 0) FROM cost_rollups");
    assert_eq!(rolled, stored, "each invocation is in one rollup");
}

#[track_caller]
pub(crate) fn verify(service: &Service, code: i32) {
    let report = service.researchflow(&["cost", "report", "--verify"]);
    assert_eq!(report.code, code, "{report:?}");
}
