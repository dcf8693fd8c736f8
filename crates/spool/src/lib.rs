//! A bounded queue on disk, for what was acknowledged and cannot be delivered yet.
//!
//! ```
//! use spool::{Settings, Spool};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let settings = Settings::new(folder.path().join("spool"), [7; 32], 1 << 20);
//! let mut spool = Spool::open(&settings, |_| {})?;
//! spool.append(&[b"one".to_vec(), b"two".to_vec()])?;
//!
//! // Here or after a restart:
//! let segment = spool.oldest()?.ok_or("something is there")?;
//! assert_eq!(segment.frames, [b"one", b"two"]);
//! spool.remove(&segment, 0)?;
//! assert!(spool.is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # What its user may rely on
//!
//! - **What was appended is durable**: one write and one `fdatasync` for all that is appended
//!   together, and the folder is synced when a file appears in it.
//! - **All or nothing**: if an append fails, whatever of it was written is cut off again.
//! - **In order**: frames come out as they went in.
//! - **Never more than [`Settings::max_bytes`]** of files that are to be read again.
//! - **A write that was cut short is cut off** when the folder is opened again; it was never
//!   acknowledged.
//! - **A frame that was altered** is found out, and its file is not deleted: it is renamed to
//!   `….damaged` when the rest of it was taken out.
//! - **One process at a time** has the folder, by a lock on a file in it.
//! - **Nothing can be read without the key**, nor can a frame be moved: each is encrypted
//!   (XChaCha20-Poly1305) for its place in its file.
//!
//! # The files
//!
//! `0000000000000001.segment` and so on, mode 0600 in a folder of mode 0700. Each is a row of frames:
//! `length (4) ‖ complement of the length (4) ‖ nonce (24) ‖ ciphertext and tag`, integers little
//! endian; the length is that of what follows the first eight bytes.

mod error;
mod frame;
mod segment;
mod settings;
mod spool;

pub use error::{AppendError, OpenError};
pub use segment::Segment;
pub use settings::Settings;
pub use spool::Spool;
