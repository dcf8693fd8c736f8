//! The schema: the same on both databases and in the code, there and back, by one or by many.

mod agreement;
mod description;
mod round_trip;
mod together;
