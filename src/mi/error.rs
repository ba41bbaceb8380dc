//! What can go wrong, and whose it is to mend.

use std::{io, path::PathBuf};

/// Everything this module returns on failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file that cannot be read at all.
    #[error("cannot read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A file that holds something else than is needed.
    #[error("{}: {what}", path.display())]
    File { path: PathBuf, what: String },
    /// Arguments or arrays that do not go together.
    #[error("{0}")]
    Input(String),
    /// Scores, options or a clip that the estimators refuse.
    #[error(transparent)]
    Estimator(dim_estimators::Error),
    /// A result that cannot be written.
    #[error("cannot write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// Candle's own.
    #[error(transparent)]
    Candle(#[from] candle_core::Error),
    /// The thread that computes.
    #[error("the computing thread failed: {0}")]
    Thread(String),
}

impl Error {
    /// Whether other arguments or other files would help (exit code 2).
    pub fn is_input(&self) -> bool {
        matches!(self, Self::Read { .. } | Self::File { .. } | Self::Input(_) | Self::Estimator(_))
    }

    /// The file at `path` is wrong because of `what`.
    pub(super) fn file(path: impl Into<PathBuf>, what: impl Into<String>) -> Self {
        Self::File { path: path.into(), what: what.into() }
    }
}

impl From<dim_estimators::Error> for Error {
    fn from(error: dim_estimators::Error) -> Self {
        match error {
            dim_estimators::Error::Candle(e) => Self::Candle(e),
            other => Self::Estimator(other),
        }
    }
}
