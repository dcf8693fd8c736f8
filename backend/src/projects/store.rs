//! The table of projects.

use crate::audit::Actor;
use crate::db::schema::{api_keys, memberships, projects, users};
use crate::db::{Conn, DbError, on_each};
use crate::edge::forget_answers;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashSet};

/// A project's row.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = projects)]
#[expect(missing_docs, reason = "the columns' names say it")]
pub struct ProjectRow {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub settings: String,
    pub secret: Vec<u8>,
    pub created_at: i64,
    pub deleted_at: Option<i64>,
}

/// The slug of the project that the first start makes.
const DEFAULT: &str = "default";

/// A project that is not deleted, by id or slug.
///
/// # Errors
/// The database.
pub fn find(conn: &mut Conn, id_or_slug: &str) -> Result<Option<ProjectRow>, DbError> {
    let row = projects::table
        .filter(projects::id.eq(id_or_slug).or(projects::slug.eq(id_or_slug)))
        .filter(projects::deleted_at.is_null());
    Ok(row.first(conn).optional()?)
}

/// The project with this id, which nobody else changes until this transaction ends.
pub(super) fn lock(conn: &mut Conn, id: &str) -> Result<Option<ProjectRow>, DbError> {
    let row = projects::table.find(id).filter(projects::deleted_at.is_null());
    let row = match conn {
        // SQLite has one writer.
        Conn::Sqlite(conn) => row.first(conn),
        // What points at the row, as keys and members do, may still be written.
        Conn::Pg(conn) => row.for_no_key_update().first(conn),
    };
    Ok(row.optional()?)
}

/// Stores a project; `false` if its slug is taken.
///
/// # Errors
/// The database.
pub(super) fn insert(conn: &mut Conn, row: ProjectRow) -> Result<bool, DbError> {
    let added = on_each!(conn, |conn| {
        diesel::insert_into(projects::table).values(row).on_conflict_do_nothing().execute(conn)?
    });
    Ok(added == 1)
}

/// The id of the project `default`, which is made if there is none; whether it was.
///
/// # Errors
/// The database.
pub fn ensure_default(
    conn: &mut Conn,
    id: String,
    secret: Vec<u8>,
    now: i64,
) -> Result<(String, bool), DbError> {
    let row = ProjectRow {
        id,
        slug: DEFAULT.to_owned(),
        name: "Default".to_owned(),
        settings: "{}".to_owned(),
        secret,
        created_at: now,
        deleted_at: None,
    };
    let added = insert(conn, row)?;
    let id = projects::table.filter(projects::slug.eq(DEFAULT)).select(projects::id).first(conn)?;
    Ok((id, added))
}

/// A page of projects by slug: all of them, those of a user, or the one of a key.
pub(super) fn list(
    conn: &mut Conn,
    whose: &Whose,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<ProjectRow>, DbError> {
    let mut query = projects::table.filter(projects::deleted_at.is_null()).into_boxed();
    match whose {
        Whose::All => {}
        Whose::OfKey(project_id) => query = query.filter(projects::id.eq(project_id)),
        Whose::OfUser(user_id) => {
            let theirs = memberships::table
                .filter(memberships::user_id.eq(user_id))
                .select(memberships::project_id);
            query = query.filter(projects::id.eq_any(theirs));
        }
    }
    if let Some(after) = after {
        query = query.filter(projects::slug.gt(after.to_owned()));
    }
    Ok(query.order(projects::slug).limit(limit).load(conn)?)
}

/// Which projects a list is of.
pub(super) enum Whose {
    All,
    OfUser(String),
    OfKey(String),
}

pub(super) fn update(conn: &mut Conn, id: &str, name: &str, settings: &str) -> Result<(), DbError> {
    let change = (projects::name.eq(name), projects::settings.eq(settings));
    diesel::update(projects::table.find(id)).set(change).execute(conn)?;
    Ok(())
}

/// Deletes it, unless it is deleted; whoever had an answer from it gets that no more.
pub(super) fn set_deleted(conn: &mut Conn, id: &str, now: i64) -> Result<bool, DbError> {
    let there = projects::table.find(id).filter(projects::deleted_at.is_null());
    if diesel::update(there).set(projects::deleted_at.eq(Some(now))).execute(conn)? == 0 {
        return Ok(false);
    }
    let keys: Vec<String> =
        api_keys::table.filter(api_keys::project_id.eq(id)).select(api_keys::id).load(conn)?;
    let members = memberships::table.filter(memberships::project_id.eq(id));
    let mut people: Vec<String> = members.select(memberships::user_id).load(conn)?;
    people.extend(users::table.filter(users::is_admin.eq(true)).select(users::id).load(conn)?);
    let callers = keys.into_iter().map(Actor::Key).chain(people.into_iter().map(Actor::User));
    // In one order, so that two who delete at once do not wait for each other.
    for caller in callers.map(|caller| caller.label()).collect::<BTreeSet<_>>() {
        forget_answers(conn, &caller)?;
    }
    Ok(true)
}

/// Whether there was a project of this id, which is deleted, and perhaps erased.
pub(super) fn is_deleted(conn: &mut Conn, id: &str) -> Result<bool, DbError> {
    let row = projects::table.find(id).filter(projects::deleted_at.is_not_null());
    Ok(row.select(projects::id).first::<String>(conn).optional()?.is_some())
}

/// Whether there is any, deleted and erased ones included.
///
/// # Errors
/// The database.
pub fn any(conn: &mut Conn) -> Result<bool, DbError> {
    let one: Option<String> = projects::table.select(projects::id).first(conn).optional()?;
    Ok(one.is_some())
}

/// The projects that were deleted before `before`, erased or not.
///
/// # Errors
/// The database.
pub fn deleted(conn: &mut Conn, before: i64) -> Result<Vec<String>, DbError> {
    Ok(projects::table.filter(projects::deleted_at.le(before)).select(projects::id).load(conn)?)
}

/// The projects that are erased: what may be left of their invocations is on its way out.
///
/// # Errors
/// The database.
pub fn erased(conn: &mut Conn) -> Result<HashSet<String>, DbError> {
    let ids: Vec<String> =
        projects::table.filter(projects::settings.eq(ERASED)).select(projects::id).load(conn)?;
    Ok(ids.into_iter().collect())
}

/// Stands in `settings` once a project is erased.
const ERASED: &str = "erased";

/// Erases the project's own data and keeps its id, under a slug that nobody can ask for, so that what is left of it in the ledger is
/// still somebody's; `false` if it was erased before.
///
/// # Errors
/// The database.
pub fn set_erased(conn: &mut Conn, id: &str) -> Result<bool, DbError> {
    let nothing = (
        projects::name.eq(ERASED),
        projects::slug.eq(format!("~{id}")),
        projects::settings.eq(ERASED),
        projects::secret.eq(Vec::<u8>::new()),
    );
    let not_yet = projects::table.find(id).filter(projects::settings.ne(ERASED));
    if diesel::update(not_yet).set(nothing).execute(conn)? == 0 {
        return Ok(false);
    }
    diesel::delete(memberships::table.filter(memberships::project_id.eq(id))).execute(conn)?;
    diesel::delete(api_keys::table.filter(api_keys::project_id.eq(id))).execute(conn)?;
    Ok(true)
}
