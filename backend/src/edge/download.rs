//! Downloads of any length: rows are fetched while they are sent.

use crate::error::ApiError;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use serde_json::value::RawValue;
use std::future::Future;

/// Rows fetched at a time.
const CHUNK: usize = 500;

/// An answer of `head` and then whatever `fetch` makes of `indexes`, a stretch of them at a time,
/// for a file of this name. An error midway cuts the answer short, so that nobody takes it for whole.
pub fn download<F>(
    kind: &str,
    name: &str,
    head: Vec<u8>,
    indexes: &[i64],
    fetch: impl Fn(Vec<i64>) -> F + 'static,
) -> HttpResponse
where
    F: Future<Output = Result<Vec<u8>, ApiError>>,
{
    let chunks: Vec<Vec<i64>> = indexes.chunks(CHUNK).map(<[i64]>::to_vec).collect();
    let start = (chunks.into_iter(), Some(head), fetch);
    let body = stream::unfold(start, |(mut chunks, head, fetch)| async move {
        let bytes = match head {
            Some(head) => Ok(head),
            None => fetch(chunks.next()?).await,
        };
        Some((bytes.map(web::Bytes::from).map_err(actix_web::Error::from), (chunks, None, fetch)))
    });
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")))
        .streaming(body)
}

/// One record a line.
pub fn ndjson(records: &[Box<RawValue>]) -> Vec<u8> {
    records.iter().flat_map(|record| [record.get().as_bytes(), b"\n"].concat()).collect()
}
