//! How the service meets the network: listeners, TLS, slow clients, overload.
//!
//! | against | by |
//! |---|---|
//! | silence, heads that come slowly, answers that nobody reads | [`Connections`] |
//! | what one connection may ask for: requests without end, endless heads | bounds that [`Listen::serve`] sets |
//! | clients whose window stays shut | `TCP_USER_TIMEOUT`, set by [`Listen::bind`] |
//! | bodies that come slowly | [`pace_body`] |
//! | more requests than can be served | [`shed_load`] |
//! | connections, and answers, lost to refusals | the server, which reads out the short body that an answer left unread |
//! | requests lost to a stop | [`Connections::bid_farewell`] |
//!
//! The middlewares are for `from_fn`; their settings come from the app's data.

mod chunks;
mod connections;
mod finish;
mod host;
mod http1;
mod http2;
mod listen;
mod outside;
mod overload;
mod server;
mod slow_body;
mod taking;
pub mod tls;
mod unread_body;
mod watched;
mod wire;

pub use connections::{ClientPatience, Connections};
pub use listen::Listen;
pub use outside::Outside;
pub use overload::{Bounds, Limiter, Overload, Refuse, Shedding, overloaded, shed_load};
pub use server::Transport;
pub use slow_body::{BodyPace, pace_body};
pub use unread_body::content_length;
