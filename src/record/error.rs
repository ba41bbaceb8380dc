//! What can go wrong before a run directory is open. Afterwards nothing is an error, only a warning.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::config::ConfigError;

/// A run directory that cannot be used.
#[derive(Debug, Error)]
pub enum RecordError {
    #[error("the run directory {} is not empty: give --out a new one, or continue that run with --resume", .0.display())]
    NotEmpty(PathBuf),
    #[error("{} is not a directory, so no run can be recorded there", .0.display())]
    NotADirectory(PathBuf),
    #[error("{} is not a run: it has no config.toml", .0.display())]
    NotARun(PathBuf),
    #[error("another dim-tui is writing to {}", .0.display())]
    InUse(PathBuf),
    #[error("cannot write {}: {}", .path.display(), plain(.source))]
    Io { path: PathBuf, source: io::Error },
    #[error("cannot read {}: {}", .path.display(), plain(.source))]
    Read { path: PathBuf, source: io::Error },
    /// The run's own `replay.toml` or `config.toml` cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl RecordError {
    pub(super) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| RecordError::Io { path: path.into(), source }
    }

    pub(super) fn read(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| RecordError::Read { path: path.into(), source }
    }

    /// True if another command line mends it (exit code 2), false if the system failed (1).
    pub fn is_usage(&self) -> bool {
        !matches!(self, RecordError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull)
    }
}

/// The system's sentence without its number.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
