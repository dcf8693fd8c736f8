//! The logs as C2SP tlog-tiles serves them, without credentials: what is public reveals nothing.

use super::{LedgerError, Log, read};
use crate::edge::{NoQuery, resource};
use crate::error::ApiError;
use crate::state::AppState;
use ::ledger::tile::{TILE_WIDTH, TileKind, TilePath, width_at};
use ::ledger::{bundle, tile};
use actix_web::http::{Method, header};
use actix_web::{HttpResponse, web};

/// The routes below `/ledger`.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(resource("/ledger/{log}/checkpoint", [(Method::GET, web::to(checkpoint))]))
        .service(resource("/ledger/{log}/key", [(Method::GET, web::to(key))]))
        .service(resource("/ledger/{log}/tile/{path:.*}", [(Method::GET, web::to(tile))]));
}

#[derive(utoipa::OpenApi)]
#[openapi(paths(checkpoint, key, tile), components(schemas(Log)))]
struct Paths;

/// The paths' place in the OpenAPI document.
pub fn paths() -> utoipa::openapi::OpenApi {
    <Paths as utoipa::OpenApi>::openapi()
}

fn log(name: &str) -> Result<Log, ApiError> {
    let known = Log::ALL.into_iter().find(|log| log.as_str() == name);
    known.ok_or_else(|| ApiError::not_found("log"))
}

/// The newest signed checkpoint.
#[utoipa::path(get, path = "/ledger/{log}/checkpoint", tag = "ledger",
    params(("log" = Log, Path, description = "Which log")),
    responses((status = 200, description = "A C2SP signed note", body = String, content_type = "text/plain")))]
async fn checkpoint(
    state: web::Data<AppState>,
    name: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let log = log(&name)?;
    let (note, _) = state.db.read(move |conn| read::head(conn, log)).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(note))
}

/// The key that verifies its checkpoints, in signed-note form.
#[utoipa::path(get, path = "/ledger/{log}/key", tag = "ledger",
    params(("log" = Log, Path, description = "Which log")),
    responses((status = 200, description = "A C2SP verifier key", body = String, content_type = "text/plain")))]
async fn key(
    state: web::Data<AppState>,
    name: web::Path<String>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let key = log(&name)?.key(&state.signers).verifier().to_string();
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(format!("{key}\n")))
}

/// A tile of the tree, or a bundle of entries: `<L>/<N>[.p/<W>]` or `entries/<N>[.p/<W>]`.
#[utoipa::path(get, path = "/ledger/{log}/tile/{path}", tag = "ledger",
    params(("log" = Log, Path, description = "Which log"),
           ("path" = String, Path, description = "A tile's path (C2SP tlog-tiles)")),
    responses((status = 200, description = "The tile's bytes", body = Vec<u8>, content_type = "application/octet-stream")))]
async fn tile(
    state: web::Data<AppState>,
    path: web::Path<(String, String)>,
    _: NoQuery,
) -> Result<HttpResponse, ApiError> {
    let (name, path) = path.into_inner();
    let log = log(&name)?;
    let path: TilePath = path.parse().map_err(|_| ApiError::not_found("tile"))?;
    let bytes = state.db.read(move |conn| read_tile(conn, log, path)).await?;
    let bytes = bytes.ok_or_else(|| ApiError::not_found("tile"))?;
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(bytes))
}

/// `None` for a tile that the signed head does not cover.
fn read_tile(
    conn: &mut crate::db::Conn,
    log: Log,
    path: TilePath,
) -> Result<Option<Vec<u8>>, LedgerError> {
    let (_, size) = read::head(conn, log)?;
    let (level, width) = match path.kind() {
        TileKind::Hashes { level } => (level, path.width()),
        TileKind::Entries => (0, path.width()),
    };
    if width_at(size, level, path.index()) < width.min(TILE_WIDTH) {
        return Ok(None);
    }
    Ok(Some(match path.kind() {
        TileKind::Hashes { level } => {
            tile::encode(&read::tile_hashes(conn, log, level, path.index(), width)?)
        }
        TileKind::Entries => {
            let entries = read::bundle(conn, log, path.index())?;
            bundle::encode(entries.get(..width.into()).unwrap_or_default())
        }
    }))
}
