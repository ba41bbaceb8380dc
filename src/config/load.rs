//! From text to a configuration: defaults < file < `--set`; and back to text.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{Config, ConfigError, Place, assign::assignment, layer::Layer, node::Node};

/// A config file is a page of text; more than this is a mistake (a device, a data file).
const LARGEST_FILE: u64 = 1 << 20;

/// The defaults, with the file's values over them and those of `sets` (`KEY=VALUE` each) over both.
pub fn load(file: Option<&Path>, sets: &[String]) -> Result<Config, ConfigError> {
    let base = match file {
        Some(path) => parse_text(&read_file(path)?, path)?,
        None => Config::default(),
    };
    load_over(&base, sets)
}

/// `base` with the values of `sets` over it.
pub fn load_over(base: &Config, sets: &[String]) -> Result<Config, ConfigError> {
    let mut layer = Layer::default();
    for text in sets {
        let (key, value) = assignment(text)?;
        layer.add_key(&key, &Place::Set, &Node::value(&value, &Place::Set))?;
    }
    layer.over(base, true)
}

/// A `KEY=VALUE` of `--set`: the value is TOML, else a string.
pub fn parse_set(text: &str) -> Result<(String, Value), ConfigError> {
    assignment(text)
}

/// The defaults with the values of a file's text over them. `file` is only named in errors.
pub fn parse_text(text: &str, file: &Path) -> Result<Config, ConfigError> {
    let mut layer = Layer::default();
    layer.add("", &Node::parse(text, file)?)?;
    layer.over(&Config::default(), true)
}

/// The same for a text this program wrote of a run under way (a checkpoint, a replay): the values are those in force now and
/// the schedule is in part behind them, so that it is not tried out from here.
pub fn parse_state(text: &str, file: &Path) -> Result<Config, ConfigError> {
    let mut layer = Layer::default();
    layer.add("", &Node::parse(text, file)?)?;
    layer.over_state(&Config::default())
}

/// The text of a config file. Pipes are welcome.
pub(super) fn read_file(path: &Path) -> Result<String, ConfigError> {
    let failed = |reason: String| ConfigError::Read { path: path.into(), reason };
    let file = File::open(path).map_err(|e| failed(e.to_string()))?;
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|e| failed(e.to_string()))?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(failed("it is larger than 1 MiB, which no config is".into()));
    }
    String::from_utf8(bytes).map_err(|e| {
        let line = e.as_bytes()[..e.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        failed(format!("line {line} is not UTF-8 text"))
    })
}

impl Config {
    /// The tree of values, every key present.
    pub fn to_table(&self) -> Table {
        // Cannot fail on a writable copy: see there.
        Table::try_from(self.writable()).unwrap_or_default()
    }

    /// As TOML text that [`parse_text`] reads back to the same configuration.
    pub fn to_toml(&self) -> String {
        let text = toml::to_string(&self.writable()).unwrap_or_default();
        super::write::inline_schedule(&text).unwrap_or(text)
    }

    /// The value of a dotted key, or the table of a section. `None` if there is no such key.
    pub fn get(&self, key: &str) -> Option<Value> {
        let mut parts = key.split('.');
        let mut value = self.to_table().remove(parts.next()?)?;
        for part in parts {
            value = value.as_table_mut()?.remove(part)?;
        }
        Some(value)
    }

    /// A copy with these keys changed: all of them, or an error and none. Validated as a whole, rules between keys
    /// included. The schedule is tried out only if it is among the edits: its past entries are history.
    pub fn with(&self, edits: &[(String, Value)]) -> Result<Config, ConfigError> {
        let mut layer = Layer::default();
        for (key, value) in edits {
            layer.add_key(key, &Place::Here, &Node::value(value, &Place::Here))?;
        }
        if layer.sweep.is_some() {
            let message = "sweep: it is no setting of a run; it stands in a config file or in --set, for --batch".to_owned();
            return Err(ConfigError::Rule { at: Place::Here, keys: vec!["sweep"], message });
        }
        if layer.lesson.is_some() {
            let message = "lesson: it is no setting of a run; it stands in a config file".to_owned();
            return Err(ConfigError::Rule { at: Place::Here, keys: vec!["lesson"], message });
        }
        layer.over(self, false)
    }

    /// A copy in which every value has a form in TOML: paths as UTF-8, whole numbers in 63 bits. Configurations that
    /// were read or checked are such already.
    fn writable(&self) -> Config {
        let mut c = self.clone();
        for path in [&mut c.data.dir, &mut c.run.dir, &mut c.start.checkpoint] {
            if path.to_str().is_none() {
                *path = PathBuf::from(path.to_string_lossy().into_owned());
            }
        }
        let most = i64::MAX as u64;
        let steps = [&mut c.seed, &mut c.optim.steps, &mut c.optim.epochs, &mut c.optim.warmup];
        let intervals = [&mut c.probe.every, &mut c.metrics.every, &mut c.checkpoint.every];
        for n in steps.into_iter().chain(intervals) {
            *n = (*n).min(most);
        }
        c
    }
}
