//! What a frozen encoder has learned: `dim-tui eval` and `dim-tui export`.
//!
//! Takes a run directory, puts the encoder of a checkpoint beside an untrained one and raw pixels, and hands plain arrays to the probes
//! and measures of [`crate::eval`]; what takes a network of its own (dependence of the units, information with the image, decoder) is
//! trained here. Nothing here changes the run or its encoder. Beside it, the time that a training step takes ([`speed`]).

mod evaluate;
mod export;
mod frozen;
mod independence;
mod jobs;
mod probing;
mod protocol;
mod reconstruction;
mod report;
pub mod speed;
mod table;

pub use crate::mi::Error;
pub use evaluate::evaluate;
pub use export::{SplitName, export};
pub use frozen::{Frozen, Layer, Subject};
pub use independence::independence;
pub use jobs::Progress;
pub use protocol::{Protocol, Section};
pub use reconstruction::{Reconstruction, reconstruction};
pub use report::{CodeRow, FactorRow, Named, ProbeRow, Report};
pub use table::table;
