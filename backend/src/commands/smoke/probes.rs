//! Whether it is alive, ready, and the version that was deployed.

use super::Finding;
use crate::commands::client::Client;
use crate::commands::readiness::Ready;
use serde::Deserialize;

#[derive(Deserialize)]
struct Health {
    version: String,
}

pub(super) fn health(client: &Client, wanted: Option<&str>) -> Finding {
    let Health { version } = client.get("/health")?.expect(200)?.json()?;
    match wanted {
        Some(wanted) if wanted != version => {
            Err(format!("version {version} answers, not {wanted}"))
        }
        _ => Ok(format!("version {version}")),
    }
}

pub(super) fn ready(client: &Client) -> Finding {
    let ready = Ready::of(client)?;
    if ready.serves() { Ok(ready.told()) } else { Err(ready.told()) }
}
