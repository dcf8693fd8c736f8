//! The table of reports.

use crate::db::schema::reports;
use crate::db::{Conn, DbError};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// A report as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = reports)]
pub struct Stored {
    /// All but its text.
    #[diesel(embed)]
    pub about: About,
    /// Its JSON.
    pub body: String,
}

/// What there is to say of a report without showing it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, Serialize, Deserialize)]
#[diesel(table_name = reports)]
#[expect(missing_docs, reason = "the columns' names say it")]
pub struct About {
    pub id: String,
    pub project_id: String,
    pub run_id: Option<String>,
    pub from_at: Option<i64>,
    pub to_at: Option<i64>,
    pub created_at: i64,
    pub sha256: String,
}

pub(super) fn insert(conn: &mut Conn, report: &Stored) -> Result<(), DbError> {
    diesel::insert_into(reports::table).values(report.clone()).execute(conn)?;
    Ok(())
}

/// A project's report.
///
/// # Errors
/// The database.
pub fn find(conn: &mut Conn, project_id: &str, id: &str) -> Result<Option<Stored>, DbError> {
    let row = reports::table.find(id).filter(reports::project_id.eq(project_id));
    Ok(row.select(Stored::as_select()).first(conn).optional()?)
}

/// Erases a project's reports.
///
/// # Errors
/// The database.
pub fn erase_project(conn: &mut Conn, project_id: &str) -> Result<(), DbError> {
    diesel::delete(reports::table.filter(reports::project_id.eq(project_id))).execute(conn)?;
    Ok(())
}

/// A page of a project's reports, newest first.
pub(super) fn list(
    conn: &mut Conn,
    project_id: &str,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<About>, DbError> {
    let of_project = reports::table.filter(reports::project_id.eq(project_id));
    let mut query = of_project.select(About::as_select()).into_boxed();
    if let Some(before) = before {
        query = query.filter(reports::id.lt(before.to_owned()));
    }
    Ok(query.order(reports::id.desc()).limit(limit).load(conn)?)
}
