//! Why there is no report.

use std::path::PathBuf;

use thiserror::Error;

use crate::record::RecordError;

#[derive(Debug, Error)]
pub enum ReportError {
    #[error("{} has no runs in it: a run is a folder with a config.toml", .0.display())]
    NoRuns(PathBuf),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("the table cannot be put together: {0}")]
    Table(#[from] csv::Error),
}
