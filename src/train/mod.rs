//! Training: the DIM step and the thread that takes it. Knows model, estimators, data, eval and record; no screen.

mod arena;
mod change;
pub mod checkpoint;
mod command;
mod describe;
mod error;
mod heldout;
pub mod history;
mod job;
mod learning_rate;
mod networks;
pub mod objective;
mod outputs;
pub mod pairs;
mod planned;
mod publish;
mod readings;
mod scripts;
pub mod session;
mod snapshot;
mod spread;
pub mod term_estimator;
mod trainer;
mod vitals;
mod worker;

pub use arena::Arena;
pub use command::{Command, Event, Outcome, StopReason};
pub use history::History;
pub use job::Job;
pub use readings::{About, BARS, Histogram, Readings};
pub use scripts::Scripts;
pub use session::{Options, Session};
pub use snapshot::{Facts, Phase, Snapshot};
pub use spread::Spread;
pub use trainer::{StepOutcome, TrainError, Trainer};
pub use vitals::{PAIRS, Pull, TERMS, Vitals};
