//! The committing task's handle to the spool: hops to a thread that may wait for the disk, and tells
//! of what happens, once each.

use super::kept::{AddError, Extent, Kept, SpoolError};
use super::metrics::{Shared, Watched};
use super::stretch::Stretch;
use crate::invocations::batcher::Receipt;
use crate::state::AppState;
use ::spool::{OpenError, Segment, Settings};
use std::fmt::Display;
use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a spool is asked for that another process has.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The spool, or why there is none.
pub(in crate::invocations) struct Spooler {
    state: AppState,
    settings: Settings,
    place: Place,
    extent: Extent,
    watched: Watched,
    /// What is being taken out.
    hand: Option<Hand>,
}

enum Place {
    Off,
    /// Another process had it when it was last asked for.
    Elsewhere(Instant),
    Here(Arc<Mutex<Kept>>),
}

/// A segment of which some is stored already.
struct Hand {
    segment: Arc<Segment>,
    stored: usize,
    useless: u64,
    /// One event at a time, since one of them cannot be stored.
    singly: bool,
}

impl Spooler {
    /// Takes the spool, unless another process has it.
    pub(in crate::invocations) async fn start(state: &AppState) -> Result<Self, SpoolError> {
        let config = &state.config.spool;
        let key = state.derive_key(&[b"researchflow spool"]);
        let settings = Settings::new(config.folder.clone(), key, config.max_bytes);
        let watched = Watched::new(state.metrics.registry())?;
        // What was acknowledged before is stored, also where nothing more goes in.
        let off = config.max_bytes == 0 && !config.folder.exists();
        let (state, extent) = (state.clone(), Extent::default());
        let mut spooler = Self { state, settings, place: Place::Off, extent, watched, hand: None };
        if !off {
            spooler.take().await?;
        }
        if let Place::Elsewhere(_) = spooler.place {
            let folder = spooler.settings.folder.display();
            tracing::warn!(%folder, "another process has the spool; until it ends, events are refused here while the database is away");
        }
        Ok(spooler)
    }

    async fn take(&mut self) -> Result<(), SpoolError> {
        let settings = self.settings.clone();
        let opened = tokio::task::spawn_blocking(move || Kept::open(&settings)).await?;
        let kept = match opened {
            Ok(kept) => kept,
            Err(OpenError::InUse(_)) => {
                self.place = Place::Elsewhere(Instant::now());
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        self.extent = kept.extent();
        self.place = Place::Here(Arc::new(Mutex::new(kept)));
        self.watched.extent(self.extent);
        self.shared().exists.store(self.accepts(), Relaxed);
        if self.is_waiting() {
            self.shared().in_use.store(true, Relaxed);
            tracing::info!(events = self.extent.events, "events on this node's disk come first");
        }
        Ok(())
    }

    /// Asks again for a spool that another process had.
    pub(in crate::invocations) async fn take_over(&mut self) {
        if self.next_take_over().is_some_and(|due| due.is_zero())
            && let Err(error) = self.take().await
        {
            self.place = Place::Elsewhere(Instant::now());
            tracing::error!(%error, "the spool cannot be taken over");
        }
    }

    /// After how long to ask again, if another process has it.
    pub(in crate::invocations) fn next_take_over(&self) -> Option<Duration> {
        let Place::Elsewhere(asked) = self.place else { return None };
        Some(ASK_EVERY.saturating_sub(asked.elapsed()))
    }

    /// What others may know of it.
    pub(in crate::invocations) fn watched(&self) -> Watched {
        self.watched.clone()
    }

    fn shared(&self) -> &Shared {
        self.watched.shared()
    }

    /// Whether events may go into it.
    pub(in crate::invocations) fn accepts(&self) -> bool {
        self.settings.max_bytes > 0 && matches!(self.place, Place::Here(_))
    }

    /// Whether something waits in it.
    pub(in crate::invocations) fn is_waiting(&self) -> bool {
        self.extent.segments > 0
    }

    /// The database is away.
    pub(in crate::invocations) fn is_needed(&self, cause: &impl Display) {
        self.state.db.set_away(true);
        if !self.shared().in_use.swap(true, Relaxed) {
            tracing::warn!(%cause, "the database is away: events are kept on this node's disk");
        }
    }

    /// Works with the spool on a thread that may wait for the disk.
    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Kept) -> T + Send + 'static,
    ) -> io::Result<T> {
        let Place::Here(kept) = &self.place else {
            return Err(io::Error::other("this process has no spool"));
        };
        let kept = Arc::clone(kept);
        let (done, extent) = tokio::task::spawn_blocking(move || {
            let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let done = work(&mut kept);
            (done, kept.extent())
        })
        .await?;
        self.extent = extent;
        self.watched.extent(extent);
        Ok(done)
    }

    /// Puts events at its end; returns when they are on the disk, else says why they are not.
    pub(in crate::invocations) async fn add(
        &mut self,
        groups: Vec<Vec<Arc<String>>>,
    ) -> Result<Vec<Vec<Receipt>>, String> {
        let events: usize = groups.iter().map(Vec::len).sum();
        let added = self.with(move |kept| kept.add(&groups)).await;
        let added = added.map_err(|error| error.to_string());
        match added.and_then(|added| added.map_err(|error: AddError| error.to_string())) {
            Ok(receipts) => {
                self.shared().is_full.store(false, Relaxed);
                let new = receipts.iter().flatten().filter(|receipt| !receipt.duplicate).count();
                self.shared().spooled.inc_by(new as u64);
                Ok(receipts)
            }
            Err(cause) => {
                self.shared().refused.inc_by(events as u64);
                if !self.shared().is_full.swap(true, Relaxed) {
                    tracing::error!(
                        cause,
                        "events are refused: this node's disk does not take them"
                    );
                }
                // With nothing to drain nobody would find out that it is back.
                self.state.db.set_away(self.is_waiting());
                Err(cause)
            }
        }
    }

    /// What is to be stored next, at most so many events; `None` if nothing waits any more. Lets a
    /// segment go when all of it is stored.
    pub(in crate::invocations) async fn stretch(
        &mut self,
        most: usize,
    ) -> io::Result<Option<Stretch>> {
        loop {
            match &self.hand {
                None => match self.with(Kept::oldest).await.flatten()? {
                    Some(segment) => self.begin(segment),
                    None => {
                        self.is_not_needed();
                        return Ok(None);
                    }
                },
                Some(hand) if hand.stored >= hand.segment.frames.len() => self.let_go().await?,
                Some(hand) => return Ok(Some(hand.stretch(most))),
            }
        }
    }

    fn begin(&mut self, segment: Segment) {
        self.shared().damaged.inc_by(segment.damaged);
        let segment = Arc::new(segment);
        self.hand = Some(Hand { segment, stored: 0, useless: 0, singly: false });
    }

    /// The database answers, or so it is believed; and nothing waits, unless there is no room.
    pub(in crate::invocations) fn is_not_needed(&self) {
        if !self.is_waiting() {
            self.state.db.set_away(false);
            self.shared().is_full.store(false, Relaxed);
            if self.shared().in_use.swap(false, Relaxed) {
                tracing::info!("nothing waits on this node's disk for the database any more");
            }
        }
    }

    /// Whether nothing stands behind `stretch`.
    pub(in crate::invocations) fn ends_with(&self, stretch: &Stretch) -> bool {
        self.extent.segments == 1 && stretch.frames.end == stretch.segment.frames.len()
    }

    /// So many events of `stretch` are in the database; the rest of its frames were none.
    pub(in crate::invocations) fn is_stored(&mut self, stretch: &Stretch, events: usize) {
        self.state.db.set_away(false);
        self.shared().drained.inc_by(events as u64);
        self.advance(stretch, stretch.frames.len().saturating_sub(events));
    }

    /// The database will never take `stretch`: it is tried event by event, and the one that is at
    /// fault is left out.
    pub(in crate::invocations) fn is_refused(&mut self, stretch: &Stretch) {
        match &mut self.hand {
            Some(hand) if !hand.singly => hand.singly = true,
            _ => self.advance(stretch, stretch.frames.len()),
        }
    }

    fn advance(&mut self, stretch: &Stretch, useless: usize) {
        self.shared().damaged.inc_by(useless as u64);
        if let Some(hand) = &mut self.hand {
            hand.stored = stretch.frames.end;
            hand.useless += useless as u64;
        }
    }

    /// All of the segment in hand is stored.
    async fn let_go(&mut self) -> io::Result<()> {
        let Some(Hand { segment, useless, .. }) = &self.hand else { return Ok(()) };
        let (segment, useless) = (Arc::clone(segment), *useless);
        let aside = self.with(move |kept| kept.remove(&segment, useless)).await.flatten()?;
        self.hand = None;
        self.shared().is_full.store(false, Relaxed);
        if let Some(file) = aside {
            tracing::error!(file = %file.display(), "a file of the spool is damaged; what could be read of it is stored, and it is kept");
        }
        Ok(())
    }
}

impl Hand {
    fn stretch(&self, most: usize) -> Stretch {
        let most = if self.singly { 1 } else { most };
        let end = self.segment.frames.len().min(self.stored + most);
        Stretch { segment: Arc::clone(&self.segment), frames: self.stored..end }
    }
}
