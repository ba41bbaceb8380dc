//! Training: the DIM step and the thread that takes it. Knows model, estimators, data, eval and record; no screen.

pub mod agreement;
mod ahead;
mod arena;
mod change;
pub mod checkpoint;
mod command;
mod describe;
mod error;
mod fork;
mod gallery;
mod header;
mod heldout;
pub mod history;
mod job;
mod keep;
mod learning_rate;
mod networks;
pub mod objective;
mod outputs;
pub mod pairs;
mod planned;
mod portrait;
mod publish;
mod readings;
mod restore;
mod room;
mod row;
mod sample;
mod scripts;
pub mod session;
mod snapshot;
mod spread;
mod start;
mod swap;
pub mod term_estimator;
mod trainer;
mod vitals;
mod worker;

pub use arena::Arena;
pub use command::{Command, Event, Outcome, StopReason, Watched};
pub use gallery::{FactorValue, GALLERY, Gallery, Split, Wanted};
pub use history::History;
pub use job::Job;
pub use keep::best_of;
pub use portrait::{LocalScores, Pictures, Portrait};
pub use publish::PACE;
pub use readings::{About, BARS, Histogram, Readings};
pub use scripts::Scripts;
pub use session::{Options, Session};
pub use snapshot::{Facts, Phase, Snapshot};
pub use spread::Spread;
pub use trainer::{StepOutcome, TrainError, Trainer, WARM_BATCH, WARM_BATCHES};
pub use vitals::{PAIRS, Pull, TERMS, Vitals};

/// What a snapshot tells of the GPU.
pub use crate::device::Usage;
