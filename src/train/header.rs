//! What the header of a checkpoint says, and whether the file is as long as it says: enough to list checkpoints by, without
//! reading a tensor.

use std::{
    collections::{BTreeSet, HashMap},
    fs::File,
    io::{self, ErrorKind, Read},
    path::Path,
};

use safetensors::tensor::Metadata;

use super::checkpoint::CheckpointError;
use crate::config::{self, Config};

pub(super) const FORMAT: &str = "dim-tui checkpoint 2";
/// No header of ours comes near; a longer one is a sign of another file.
const LONGEST: u64 = 64 << 20;

/// What a checkpoint says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    pub step: u64,
    pub examples_seen: u64,
    /// Rollbacks behind it.
    pub attempt: u64,
    /// `[[schedule]]` entries already applied, by their place in `config.schedule`.
    pub scheduled: BTreeSet<usize>,
    /// The user asked for it: it is not pruned.
    pub by_hand: bool,
    /// The configuration in force when it was written.
    pub config: Config,
}

/// Reads the header alone. A file that is shorter or longer than its header says is refused; whether its content is what was
/// written only [`super::checkpoint::read`] can tell.
///
/// # Errors
/// If the file cannot be read, is no checkpoint, or not a whole one.
pub fn header(path: &Path) -> Result<Header, CheckpointError> {
    let (metadata, length) = metadata(path).map_err(|source| match source.kind() {
        ErrorKind::InvalidData | ErrorKind::UnexpectedEof => torn(path, &source),
        _ => CheckpointError::Io { path: path.into(), source },
    })?;
    if length != metadata.data_len() as u64 {
        return Err(torn(path, &format!("{length} bytes of tensors instead of {}", metadata.data_len())));
    }
    Header::of(metadata.metadata().as_ref().unwrap_or(&HashMap::new()), path)
}

pub(super) fn torn(path: &Path, why: &dyn std::fmt::Display) -> CheckpointError {
    CheckpointError::Foreign { path: path.into(), reason: format!("not a whole checkpoint ({why})") }
}

/// What stands before the tensors, and how many bytes come after it.
fn metadata(path: &Path) -> io::Result<(Metadata, u64)> {
    let mut file = File::open(path)?;
    let whole = file.metadata()?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    let Some(rest) = whole.checked_sub(8).and_then(|rest| rest.checked_sub(length)).filter(|_| length <= LONGEST) else {
        return Err(io::Error::new(ErrorKind::InvalidData, "its header is cut off"));
    };
    let mut text = Vec::new();
    file.take(length).read_to_end(&mut text)?;
    let metadata = serde_json::from_slice(&text).map_err(|e| io::Error::new(ErrorKind::InvalidData, e))?;
    Ok((metadata, rest))
}

impl Header {
    /// From the header's fields.
    pub(super) fn of(fields: &HashMap<String, String>, path: &Path) -> Result<Self, CheckpointError> {
        let foreign = |reason: String| CheckpointError::Foreign { path: path.into(), reason };
        let field = |name: &str| fields.get(name).ok_or_else(|| foreign(format!("its header has no '{name}'")));
        if field("format")? != FORMAT {
            return Err(foreign(format!("its format is '{}', expected '{FORMAT}'", field("format")?)));
        }
        let number =
            |name: &str| field(name)?.parse::<u64>().map_err(|_| foreign(format!("'{name}' in its header is not a number")));
        let places = field("scheduled")?.split_whitespace().map(str::parse).collect::<Result<_, _>>();
        Ok(Self {
            step: number("step")?,
            examples_seen: number("examples_seen")?,
            attempt: number("attempt")?,
            scheduled: places.map_err(|_| foreign("'scheduled' in its header is not a list of numbers".into()))?,
            by_hand: fields.contains_key("by_hand"),
            config: config::parse_state(field("config")?, path).map_err(|e| foreign(e.to_string()))?,
        })
    }

    /// As the fields of a header, but for the checksum.
    pub(super) fn fields(&self) -> HashMap<String, String> {
        let mut fields = HashMap::from([
            ("format".to_string(), FORMAT.to_string()),
            ("step".into(), self.step.to_string()),
            ("examples_seen".into(), self.examples_seen.to_string()),
            ("attempt".into(), self.attempt.to_string()),
            ("scheduled".into(), self.scheduled.iter().map(usize::to_string).collect::<Vec<_>>().join(" ")),
            ("config".into(), self.config.to_toml()),
        ]);
        if self.by_hand {
            fields.insert("by_hand".into(), "true".into());
        }
        fields
    }
}
