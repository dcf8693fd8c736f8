//! Writes a log as a folder of files that any static web server can serve, and proofs from it.
//!
//! `cargo run -p ledger --example static_log -- DIR SIZE` makes `DIR/key`, `DIR/checkpoint` and
//! `DIR/tile/…` of a log with SIZE small records, and prints a JSON line for each of some records:
//! `{"index", "nonce", "record", "entry", "checkpoint", "proof"}`, some of them against an earlier
//! checkpoint. The signing key is a fixed one, good for examples alone.

use std::convert::Infallible;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::{env, fs};

use base64::{Engine, engine::general_purpose::STANDARD};
use ledger::tile::{TileKind, TilePath, tiles_of};
use ledger::{Checkpoint, Frontier, Hash, SigningKey, bundle, entry, leaf_hash, proof, tile};
use serde_json::json;

/// How many records are proved.
const SAMPLES: usize = 20;

/// A log in memory: per level, the hashes that its tiles hold.
struct Log {
    entries: Vec<Hash>,
    levels: Vec<Vec<Hash>>,
    frontier: Frontier,
}

impl Log {
    fn with_records(size: u64) -> Self {
        let mut log =
            Self { entries: Vec::new(), levels: vec![Vec::new(); 8], frontier: Frontier::new() };
        for index in 0..size {
            let entry = entry(&nonce(index), record(index).as_bytes());
            log.entries.push(entry);
            log.append(leaf_hash(&entry));
        }
        log
    }

    fn append(&mut self, leaf: Hash) {
        let levels = &mut self.levels;
        let mut keep = |level: u8, hash| levels.get_mut(usize::from(level)).map(|l| l.push(hash));
        keep(0, leaf);
        self.frontier.push(leaf, |level, _, hash| _ = keep(level, hash));
    }

    fn tile(&self, level: u8, index: u64, width: u16) -> Result<Vec<Hash>, Infallible> {
        let hashes = self.levels.get(usize::from(level)).into_iter().flatten().copied();
        Ok(hashes.skip(index as usize * 256).take(width.into()).collect())
    }

    fn checkpoint(&self, size: u64, key: &SigningKey) -> Result<String, Box<dyn Error>> {
        let root = proof::root_at(size, |l, n, w| self.tile(l, n, w))?;
        Ok(Checkpoint { origin: key.verifier().into(), size, root }.sign(key))
    }
}

/// A nonce that can be made again, as an example's may be and a real one must not.
fn nonce(index: u64) -> [u8; 16] {
    u128::from(index).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes()
}

fn record(index: u64) -> String {
    format!("{{\"cost_usd\":\"0.001\",\"n\":{index},\"note\":\"größer → 10\"}}")
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(folder), Some(size)) = (arguments.next(), arguments.next()) else {
        return Err("usage: static_log DIR SIZE".into());
    };
    let size = size.parse()?;
    let key = SigningKey::from_seed("example.org/ledger/invocations", [42; 32])?;
    let log = Log::with_records(size);
    write_folder(&log, &key, Path::new(&folder))?;
    print_proofs(&log, &key, size)
}

fn write_folder(log: &Log, key: &SigningKey, folder: &Path) -> Result<(), Box<dyn Error>> {
    let size = log.frontier.size();
    for path in tiles_of(size) {
        let TileKind::Hashes { level } = path.kind() else { continue };
        let hashes = log.tile(level, path.index(), path.width())?;
        write(folder.join("tile").join(path.to_string()), &tile::encode(&hashes))?;
        if level == 0 {
            let start = path.index() as usize * 256;
            let entries: Vec<_> =
                log.entries.iter().skip(start).take(path.width().into()).copied().collect();
            let path = TilePath::new(TileKind::Entries, path.index(), path.width())?;
            write(folder.join("tile").join(path.to_string()), &bundle::encode(&entries))?;
        }
    }
    write(folder.join("key"), format!("{}\n", key.verifier()).as_bytes())?;
    write(folder.join("checkpoint"), log.checkpoint(size, key)?.as_bytes())?;
    Ok(())
}

fn write(path: PathBuf, bytes: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, bytes)
}

fn print_proofs(log: &Log, key: &SigningKey, size: u64) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let step = (size as usize).div_ceil(SAMPLES).max(1);
    for (turn, (index, entry)) in (0_u64..).zip(&log.entries).step_by(step).enumerate() {
        // Every other proof is against the smallest third of the log that has the record.
        let thirds = [size / 3, size / 3 * 2, size];
        let smallest = thirds.into_iter().find(|&size| size > index).unwrap_or(size);
        let size = if turn % 2 == 0 { size } else { smallest };
        let proof = proof::inclusion(index, size, |l, n, w| log.tile(l, n, w))?;
        let line = json!({
            "index": index,
            "nonce": STANDARD.encode(nonce(index)),
            "record": serde_json::from_str::<serde_json::Value>(&record(index))?,
            "entry": entry.to_base64(),
            "checkpoint": log.checkpoint(size, key)?,
            "proof": proof.iter().map(Hash::to_base64).collect::<Vec<_>>(),
        });
        writeln!(out, "{line}")?;
    }
    Ok(())
}
