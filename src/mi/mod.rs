//! Mutual information outside a run: of given scores, of two arrays, of distributions whose information is known, and of images
//! with parts of themselves, where ratios of informations are known.
//!
//! Knows the estimators, the images of `data`, the layers of `nn` and Candle; nothing of encoders, configs, runs or screens.

mod bench;
mod chart;
mod choice;
pub mod consistency;
mod critic;
mod distribution;
mod error;
mod estimate;
mod fit;
mod measure;
mod npy;
mod samples;
mod special;
mod training;

pub use bench::{Bench, Course, Curve, Row, bench};
pub use chart::chart;
pub use choice::{Choice, option};
pub use critic::CriticKind;
pub use distribution::{Case, Distribution, PAIRS};
pub use error::Error;
pub use estimate::{Estimate, Request, estimate};
pub(crate) use fit::{Fit, Step, matrix, number};
pub use measure::{HeldOut, Measured, Settings, measure, trainings};
pub use samples::Samples;

use critic::Critic;

/// Runs `work` on a thread with a stack that the reverse pass cannot exhaust: it recurses over the graph.
///
/// # Errors
/// Those of `work`, and [`Error::Thread`] if it panicked or no thread was to be had.
pub fn on_big_stack<R: Send>(work: impl FnOnce() -> Result<R, Error> + Send) -> Result<R, Error> {
    const STACK: usize = 64 << 20;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("mi".into()).stack_size(STACK).spawn_scoped(scope, work);
        let done = thread.map_err(|e| Error::Thread(e.to_string()))?.join();
        done.unwrap_or_else(|_| Err(Error::Thread("it panicked; the message is above".into())))
    })
}

/// The number, or nothing where JSON has none for it.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
