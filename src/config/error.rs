//! What can be wrong with a configuration. Each message is one sentence: where, what, and what would be right.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use thiserror::Error;
use toml::Value;

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Place {
    /// Not in a file: a key press or a `:set` line, which the user has before their eyes.
    #[default]
    Here,
    /// `--set` on the command line.
    Set,
    /// In a file; line and column count from 1, in characters.
    File { path: PathBuf, line: usize, column: usize },
    /// In this file as a whole.
    WholeFile { path: PathBuf },
}

impl Place {
    /// Of a byte in the text of a file.
    pub fn in_text(path: &Path, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Place::File { path: path.into(), line, column }
    }
}

/// As the beginning of a message: `configs/my.toml:12:5: `.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Here => Ok(()),
            Place::Set => f.write_str("--set: "),
            Place::File { path, line, column } => write!(f, "{}:{line}:{column}: ", path.display()),
            Place::WholeFile { path } => write!(f, "{}: ", path.display()),
        }
    }
}

/// A configuration that cannot be used.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ConfigError {
    #[error("cannot read the config file {}: {reason}", path.display())]
    Read { path: PathBuf, reason: String },
    #[error("cannot write the config file {}: {reason}", path.display())]
    Write { path: PathBuf, reason: String },
    /// Not TOML.
    #[error("{at}not valid TOML: {message}")]
    Syntax { at: Place, message: String },
    #[error("{at}unknown key '{key}'{}", nearest.as_ref().map(|n| format!(", did you mean '{n}'?")).unwrap_or_default())]
    UnknownKey { at: Place, key: String, nearest: Option<String> },
    /// A key with a value of the wrong type, out of range, or an unknown name.
    #[error("{at}{key} must be {expected}, not {value}{hint}")]
    Value { at: Place, key: String, value: Box<str>, expected: Box<str>, hint: Box<str> },
    /// Two keys that do not go together, or a rule of the whole.
    #[error("{at}{message}")]
    Rule { at: Place, keys: Vec<&'static str>, message: String },
    /// A `[[schedule]]` entry for a key that is fixed for a run.
    #[error("{at}'{key}' cannot change while running, so no [[schedule]] entry can set it: set it once for the whole run")]
    Scheduled { at: Place, key: String },
    /// A key that is the same in all runs of a sweep.
    #[error("{at}'{key}' cannot vary in a sweep: {why}")]
    Swept { at: Place, key: String, why: &'static str },
    /// Several faults that were found at once, not all of them told if they are many.
    #[error("{}", told(.0))]
    Several(Vec<ConfigError>),
    /// Text that is not `KEY=VALUE`.
    #[error("{at}'{text}' is not KEY=VALUE ({reason}): write for example optim.lr=0.0003")]
    Assignment { at: Place, text: String, reason: &'static str },
}

/// More would scroll the first away.
const MOST_TOLD: usize = 8;

/// A line each, whatever is quoted in it; what is the same is said once.
fn told(errors: &[ConfigError]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in errors.iter().map(|error| error.to_string().replace(['\n', '\r'], " ")) {
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let more = lines.len().saturating_sub(MOST_TOLD);
    if more > 0 {
        lines.truncate(MOST_TOLD);
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

impl ConfigError {
    /// Nothing wrong, the one thing that is, or all of them.
    pub(super) fn all(mut wrong: Vec<ConfigError>) -> Result<(), ConfigError> {
        match wrong.len() {
            0 => Ok(()),
            1 => Err(wrong.remove(0)),
            _ => Err(ConfigError::Several(wrong)),
        }
    }

    /// Where it is wrong.
    pub fn place(&self) -> &Place {
        match self {
            ConfigError::Several(all) => all.first().map_or(&Place::Here, ConfigError::place),
            ConfigError::Read { .. } | ConfigError::Write { .. } => &Place::Here,
            ConfigError::Syntax { at, .. }
            | ConfigError::UnknownKey { at, .. }
            | ConfigError::Value { at, .. }
            | ConfigError::Rule { at, .. }
            | ConfigError::Scheduled { at, .. }
            | ConfigError::Swept { at, .. }
            | ConfigError::Assignment { at, .. } => at,
        }
    }

    /// The offending key, where there is one.
    pub fn key(&self) -> Option<&str> {
        match self {
            ConfigError::UnknownKey { key, .. }
            | ConfigError::Value { key, .. }
            | ConfigError::Scheduled { key, .. }
            | ConfigError::Swept { key, .. } => Some(key),
            ConfigError::Several(all) => all.first().and_then(ConfigError::key),
            ConfigError::Rule { keys, .. } => keys.first().copied(),
            _ => None,
        }
    }
}

/// A value as it may stand inside a one-line message.
pub(super) fn shown(value: &Value) -> Box<str> {
    const LONGEST: usize = 60;
    let text = match value {
        Value::String(s) => format!("{s:?}"),
        Value::Table(_) => return "a table".into(),
        Value::Array(_) => return "an array".into(),
        other => other.to_string(),
    };
    if text.chars().count() <= LONGEST {
        text.into()
    } else {
        text.chars().take(LONGEST).chain(['…']).collect::<String>().into()
    }
}
