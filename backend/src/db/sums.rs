//! Aggregates that both databases answer as a 64-bit integer; PostgreSQL's own sum of such is a
//! decimal.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::sql_types::{BigInt, Nullable};

/// The sum of a column, null over nothing.
pub(crate) fn sum_of(column: &'static str) -> SqlLiteral<Nullable<BigInt>> {
    sql(&format!("CAST(SUM({column}) AS BIGINT)"))
}

/// How many rows meet a condition, null over nothing.
pub(crate) fn count_if(condition: &'static str) -> SqlLiteral<Nullable<BigInt>> {
    sql(&format!("CAST(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END) AS BIGINT)"))
}
