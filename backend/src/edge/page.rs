//! Keyset pagination: `limit`, `cursor` in, `items`, `next_cursor` out.

use crate::error::ApiError;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::{Deserialize, Serialize};

/// How many items a page has at most: 1 to 500, 50 if not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Limit(i64);

impl Limit {
    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(50)
    }
}

impl TryFrom<String> for Limit {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = text.parse().ok().filter(|number| (1..=500).contains(number));
        number.map(Self).ok_or("must be a number from 1 to 500")
    }
}

/// A list, and the place in it after which a page starts. Opaque outside.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor(Vec<String>);

impl Cursor {
    /// A place in the list of this name.
    pub fn of<const N: usize>(list: &str, place: [String; N]) -> Self {
        Self([list.to_owned()].into_iter().chain(place).collect())
    }

    /// The place in `list`, which must be `N` numbers.
    ///
    /// # Errors
    /// It is the cursor of another list.
    pub fn numbers<const N: usize>(&self, list: &str) -> Result<[i64; N], ApiError> {
        let place = self.place(list)?.iter();
        let numbers: Option<Vec<i64>> = place.map(|part| part.parse().ok()).collect();
        numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(Self::foreign)
    }

    /// The place in `list`, which must be one text.
    ///
    /// # Errors
    /// It is the cursor of another list.
    pub fn text(&self, list: &str) -> Result<String, ApiError> {
        match self.place(list)? {
            [part] => Ok(part.clone()),
            _ => Err(Self::foreign()),
        }
    }

    fn place(&self, list: &str) -> Result<&[String], ApiError> {
        let (name, place) = self.0.split_first().ok_or_else(Self::foreign)?;
        if name == list { Ok(place) } else { Err(Self::foreign()) }
    }

    fn foreign() -> ApiError {
        ApiError::field("/cursor", "must be the next_cursor of a page before")
    }
}

impl TryFrom<String> for Cursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let decode = || {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(&text).ok()?;
            let parts = String::from_utf8(bytes).ok()?;
            // PostgreSQL cannot store it, so that no list goes on there.
            let parts = Some(parts).filter(|parts| !parts.contains('\0'))?;
            Some(Self(parts.split(' ').map(str::to_owned).collect()))
        };
        decode().ok_or("must be the next_cursor of a page before")
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        BASE64_URL_SAFE_NO_PAD.encode(cursor.0.join(" "))
    }
}

/// Refuses what is for lists in the query of an export.
///
/// # Errors
/// 422, which names it.
pub fn no_page(limit: Option<Limit>, cursor: Option<&Cursor>) -> Result<(), ApiError> {
    for (given, pointer) in [(limit.is_some(), "/limit"), (cursor.is_some(), "/cursor")] {
        if given {
            return Err(ApiError::field(pointer, "is for lists; an export has everything"));
        }
    }
    Ok(())
}

/// The query of a list that has no filters.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PageQuery {
    /// How many items.
    pub limit: Limit,
    /// Where the page starts.
    pub cursor: Option<Cursor>,
}

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ListPage<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts; null at the end.
    #[schema(value_type = Option<String>)]
    pub next_cursor: Option<Cursor>,
}

impl<T> ListPage<T> {
    /// A page of `items`, of which there may be more if it is full.
    pub fn new(items: Vec<T>, limit: Limit, cursor: impl FnOnce(&T) -> Cursor) -> Self {
        let full = items.len() as i64 >= limit.get();
        let next_cursor = items.last().filter(|_| full).map(cursor);
        Self { items, next_cursor }
    }
}
