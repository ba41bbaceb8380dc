//! What keeps a sweep from starting. Afterwards a run that fails is reported, and the others go on.

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::{config::ConfigError, record::RecordError};

/// A sweep that cannot be run.
#[derive(Debug, Error)]
pub enum SweepError {
    #[error("{} is not empty and holds no sweep: give --out a new folder", .0.display())]
    NotASweep(PathBuf),
    #[error("{} holds another sweep: {differs}. Give --out a new folder, or go on with that one by --resume", .folder.display())]
    Another { folder: PathBuf, differs: String },
    #[error("--shard {0} is not I/N with 1 <= I <= N, as in 1/4")]
    Shard(String),
    #[error("cannot catch signals: {0}")]
    Signals(io::Error),
    #[error("cannot write {}: {reason}", path.display())]
    Write { path: PathBuf, reason: String },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Record(#[from] RecordError),
}
