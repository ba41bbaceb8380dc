//! The run directory: rows, and one file per output format, written as it happens.
//!
//! A sink that fails (a full disk, say) never stops training: the failure is told once, and what could not be written is
//! kept and tried again. Adding a format is one file here and its calls in `recorder.rs`.

mod dir;
mod lines;
mod recorder;
mod replay;
mod rows;
mod tensorboard;

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

pub use dir::RunDir;
pub use recorder::{RecordError, Recorder};
pub use rows::*;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A journal row with its time and nothing else.
pub fn journal_row(step: u64, kind: JournalKind) -> JournalRow {
    let time = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    JournalRow { step, time, kind, key: None, from: None, to: None, source: None, reason: None }
}

/// Replaces a file as a whole: a temporary name, synced, renamed.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("partial");
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&temporary, path)).inspect_err(|_| {
        // Nothing half-written stays behind.
        let _ = fs::remove_file(&temporary);
    })
}
