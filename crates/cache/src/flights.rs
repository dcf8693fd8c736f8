//! Loads that are on their way, each awaited by whoever asks for the same.

use crate::entry::{Entry, Place};
use crate::failure::Failure;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;
use tokio::time::Instant;

pub(crate) type Landed = Result<Arc<Entry>, Failure>;

type Outcome = watch::Receiver<Option<Landed>>;

/// By place the newest that is on its way, and since when.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<Place, (Instant, Outcome)>>);

/// What whoever asks has to do.
pub(crate) enum Boarding {
    /// It landed in the meantime.
    Landed(Arc<Entry>),
    /// Wait.
    Joined(Ticket),
    /// Fly, and wait.
    Pilot(Flight, Ticket),
}

/// A place on a flight.
pub(crate) struct Ticket(Outcome);

/// A flight, to be landed. Dropping it before strands whoever waits, and the next to ask flies.
pub(crate) struct Flight {
    flights: Arc<Flights>,
    place: Place,
    outcome: watch::Sender<Option<Landed>>,
}

impl Flights {
    /// Whether somebody joins a flight is asked with when it began. `look` finds what is there
    /// already: between that and a flight's landing nobody may slip through.
    pub(crate) fn board(
        self: &Arc<Self>,
        place: Place,
        joins: impl FnOnce(Instant) -> bool,
        look: impl FnOnce(&Place) -> Option<Arc<Entry>>,
    ) -> Boarding {
        let mut flying = self.flying();
        if let Some((began, outcome)) = flying.get(&place)
            && joins(*began)
        {
            return Boarding::Joined(Ticket(outcome.clone()));
        }
        if let Some(entry) = look(&place) {
            return Boarding::Landed(entry);
        }
        let (landing, outcome) = watch::channel(None);
        flying.insert(place.clone(), (Instant::now(), outcome.clone()));
        let flight = Flight { flights: Arc::clone(self), place, outcome: landing };
        Boarding::Pilot(flight, Ticket(outcome))
    }

    fn flying(&self) -> MutexGuard<'_, HashMap<Place, (Instant, Outcome)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Whoever waits gets `landed`. An entry must be where the next to ask looks before.
    pub(crate) fn land(self, landed: Landed) {
        self.outcome.send_replace(Some(landed));
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut flying = self.flights.flying();
        let is_this = |newest: &Outcome| newest.same_channel(&self.outcome.subscribe());
        // Or somebody flew anew, who did not join it.
        if flying.get(&self.place).is_some_and(|(_, newest)| is_this(newest)) {
            flying.remove(&self.place);
        }
    }
}

impl Ticket {
    /// The outcome; [`Failure::Interrupted`] if there is none.
    pub(crate) async fn wait(mut self) -> Landed {
        let landed = self.0.wait_for(Option::is_some).await.map(|landed| landed.clone());
        landed.ok().flatten().unwrap_or(Err(Failure::Interrupted))
    }
}
