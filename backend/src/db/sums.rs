//! Aggregates that both databases answer as a 64-bit integer, whatever they add up. Their own fail
//! beyond that: SQLite's sum itself, and the cast of PostgreSQL's, which is a decimal.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::{BigInt, Nullable};

/// The sum of a column, null over nothing; the largest number there is, if the sum is larger.
pub(crate) fn sum_of(column: &'static str) -> SqlLiteral<Nullable<BigInt>> {
    sql(&saturating(column))
}

/// How many rows meet a condition, null over nothing.
pub(crate) fn count_if(condition: &'static str) -> SqlLiteral<Nullable<BigInt>> {
    sql(&format!("CAST(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS BIGINT)"))
}

/// The high bits and the 31 low ones are added up apart: neither sum is beyond 64 bits before there
/// are 2^31 rows. Both databases compute a sum once that stands in an expression several times.
fn saturating(column: &str) -> String {
    let high = format!("CAST(SUM({column} >> 31) AS BIGINT)");
    let low = format!("CAST(SUM({column} & 2147483647) AS BIGINT)");
    format!(
        "CASE WHEN {high} + ({low} >> 31) >= 4294967296 THEN {} ELSE {high} * 2147483648 + {low} END",
        i64::MAX
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::prelude::*;

    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = Nullable<BigInt>)]
        sum: Option<i64>,
    }

    /// The sum of a column that has these values, in SQL.
    fn added_up(values: &str) -> Option<i64> {
        let query = format!("SELECT {} AS sum FROM (VALUES {values})", saturating("column1"));
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        diesel::sql_query(query).get_result::<Sum>(&mut conn).unwrap().sum
    }

    #[test]
    fn nothing_adds_up_to_null() {
        assert_eq!(added_up("(NULL), (NULL)"), None);
        assert_eq!(added_up("(NULL), (7)"), Some(7));
    }

    #[test]
    fn a_sum_is_exact_as_long_as_it_fits() {
        const MAX: i64 = i64::MAX;
        for numbers in [
            vec![0, 0],
            vec![1 << 31, (1 << 31) - 1, 1],
            vec![MAX - 1],
            vec![MAX - 1, 1],
            vec![MAX - 1, 1, 1],
            vec![MAX / 2, MAX / 2, 1],
            vec![MAX / 2, MAX / 2, 2],
            vec![MAX; 9],
            vec![9_000_000_000_000_000_000, 223_372_036_854_775_807],
        ] {
            let values: Vec<String> = numbers.iter().map(|n| format!("({n})")).collect();
            let sum = numbers.iter().fold(0, |sum: i64, number| sum.saturating_add(*number));
            assert_eq!(added_up(&values.join(", ")), Some(sum), "{numbers:?}");
        }
    }
}
