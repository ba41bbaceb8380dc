//! The run directory: one file per output format behind one trait. Knows the config and plain rows; no tensors, no screen.
//!
//! [`Recorder`] owns the directory and a [`Sink`] per file. A disk that is full never stops training: what could not be
//! written stays in memory (up to a bound) and is written when there is room.

mod append;
mod brief;
mod csv;
pub mod csv_rows;
mod cut;
mod dir;
mod error;
mod fork;
mod histogram;
mod journal;
mod jsonl;
mod picture;
mod probe_row;
mod recorder;
#[cfg(test)]
pub(crate) mod recorder_rows;
mod replace;
mod replay;
mod rows;
mod saved;
mod summary;
mod tensorboard;

use std::io;

pub use brief::{Brief, RunState, begun};
pub use cut::{cut_back, each_row, read_rows};
pub use dir::RunDir;
pub use error::RecordError;
pub use fork::{fork_of, fork_row, made_at};
pub use histogram::Histogram;
pub use journal::journal_row;
pub use picture::Picture;
pub use probe_row::*;
pub use recorder::Recorder;
pub(crate) use replace::replace;
pub use rows::*;
pub use saved::{SavedRun, config_after, find_runs};

/// One output file of a run.
///
/// A sink keeps what it could not write and tries again at the next [`Sink::flush`], so an error is news, not loss; what
/// is lost all the same it counts for [`Sink::take_dropped`].
pub trait Sink: Send {
    /// The file's name, as warnings give it.
    fn name(&self) -> &str;
    /// A recorded training step.
    fn step(&mut self, _row: &StepRow) -> io::Result<()> {
        Ok(())
    }
    /// A probe.
    fn probe(&mut self, _row: &ProbeRow) -> io::Result<()> {
        Ok(())
    }
    /// Lines of the journal that belong together: one change of several keys is several lines.
    fn journal(&mut self, _rows: &[JournalRow]) -> io::Result<()> {
        Ok(())
    }
    /// Pictures at this step.
    fn pictures(&mut self, _step: u64, _pictures: &[Picture]) -> io::Result<()> {
        Ok(())
    }
    /// Hands everything kept so far to the system.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
    /// The run has ended: writes what is left and waits until it is on the disk.
    fn finish(&mut self, _summary: &Summary) -> io::Result<()> {
        self.flush()
    }
    /// Training went back to `step`: rows after it will come again.
    fn rewind(&mut self, _step: u64) -> io::Result<()> {
        Ok(())
    }
    /// Rows lost since last asked, because there was no more room in memory either.
    fn take_dropped(&mut self) -> u64 {
        0
    }
}
