//! Loads that are on their way, each awaited by whoever asks for the same.

use crate::entry::{Entry, Place};
use crate::failure::Failure;
use std::collections::HashMap;
use std::collections::hash_map;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

pub(crate) type Landed = Result<Arc<Entry>, Failure>;

/// By place.
#[derive(Default)]
pub(crate) struct Flights(Mutex<HashMap<Place, watch::Receiver<Option<Landed>>>>);

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
pub(crate) struct Ticket(watch::Receiver<Option<Landed>>);

/// A flight, to be landed. Dropping it before strands whoever waits, and the next to ask flies.
pub(crate) struct Flight {
    flights: Arc<Flights>,
    place: Place,
    outcome: watch::Sender<Option<Landed>>,
}

impl Flights {
    /// `look` finds what is there already: between that and a flight's landing nobody may slip
    /// through.
    pub(crate) fn board(
        self: &Arc<Self>,
        place: Place,
        look: impl FnOnce(&Place) -> Option<Arc<Entry>>,
    ) -> Boarding {
        let mut flying = self.flying();
        let vacant = match flying.entry(place) {
            hash_map::Entry::Occupied(flight) => {
                return Boarding::Joined(Ticket(flight.get().clone()));
            }
            hash_map::Entry::Vacant(vacant) => vacant,
        };
        if let Some(entry) = look(vacant.key()) {
            return Boarding::Landed(entry);
        }
        let place = vacant.key().clone();
        let (outcome, ticket) = watch::channel(None);
        vacant.insert(ticket.clone());
        let flight = Flight { flights: Arc::clone(self), place, outcome };
        Boarding::Pilot(flight, Ticket(ticket))
    }

    fn flying(&self) -> MutexGuard<'_, HashMap<Place, watch::Receiver<Option<Landed>>>> {
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
        self.flights.flying().remove(&self.place);
    }
}

impl Ticket {
    /// The outcome; [`Failure::Interrupted`] if there is none.
    pub(crate) async fn wait(mut self) -> Landed {
        let landed = self.0.wait_for(Option::is_some).await.map(|landed| landed.clone());
        landed.ok().flatten().unwrap_or(Err(Failure::Interrupted))
    }
}
