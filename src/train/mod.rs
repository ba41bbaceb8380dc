//! Training: the DIM step and the thread that takes it. Knows model, estimators, data, eval and record; no screen.

mod command;
pub mod history;
pub mod session;
mod snapshot;
mod worker;

pub use command::{Command, Event, Outcome, StopReason};
pub use history::History;
pub use session::{Options, Session};
pub use snapshot::{Facts, Phase, Snapshot};
