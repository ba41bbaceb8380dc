//! What can be wrong with a data set. Each message is one sentence: where, what was found, what would be right.

use std::path::{Path, PathBuf};

/// Why a data set could not be loaded. All of these are faults of config or data (exit code 2).
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("unknown data set `{name}`{hint}; known are {known}")]
    Unknown { name: String, hint: String, known: String },
    #[error("{}: cannot be read ({reason}); {right}", path.display())]
    Unreadable { path: PathBuf, reason: String, right: String },
    #[error("{}: not found; {right}", path.display())]
    Missing { path: PathBuf, right: String },
    #[error("{}: expected {expected}, found {found}; {right}", path.display())]
    Foreign { path: PathBuf, expected: String, found: String, right: String },
    #[error("{data}: {reason}; {right}")]
    Hub { data: &'static str, reason: String, right: String },
}

impl DataError {
    pub(crate) fn unknown(name: &str) -> Self {
        let known = super::names();
        let near = known.iter().map(|k| (strsim::jaro_winkler(k, &name.to_lowercase()), *k)).max_by(|a, b| a.0.total_cmp(&b.0));
        let hint = near.filter(|n| n.0 > 0.75).map(|n| format!(", did you mean `{}`?", n.1)).unwrap_or_default();
        Self::Unknown { name: name.into(), hint, known: known.join(", ") }
    }

    pub(crate) fn unreadable(path: &Path, error: &std::io::Error, right: &str) -> Self {
        if error.kind() == std::io::ErrorKind::NotFound {
            return Self::Missing { path: path.into(), right: right.into() };
        }
        Self::Unreadable { path: path.into(), reason: error.to_string(), right: right.into() }
    }

    pub(crate) fn foreign(path: &Path, expected: impl Into<String>, found: impl Into<String>, right: &str) -> Self {
        Self::Foreign { path: path.into(), expected: expected.into(), found: found.into(), right: right.into() }
    }
}
