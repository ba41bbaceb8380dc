//! One layer of settings (a file, the `--set` options, an edit): known keys with values that fit them, laid over a base.

use serde::Deserialize;
use toml::{Table, Value};

use super::{
    Config, ConfigError, Place, Range,
    error::shown,
    key,
    keys::{is_section, nearest_key, nearest_name},
    lesson_layer::LessonLayer,
    node::{Kind, Node},
    rules,
    sweep_layer::SweepLayer,
};

/// One key set by a layer.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub key: String,
    pub value: Value,
    pub at: Place,
}

/// One `[[schedule]]` entry.
#[derive(Debug, Clone)]
pub(super) struct Scheduled {
    pub step: u64,
    pub attempt: u64,
    pub set: Vec<Entry>,
    pub place: Place,
}

/// Each value fits its key; rules between keys are checked when the layer is laid over a base.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer {
    pub entries: Vec<Entry>,
    /// `None`: the layer says nothing of a schedule.
    pub schedule: Option<Vec<Scheduled>>,
    /// `None`: nothing of a sweep.
    pub sweep: Option<SweepLayer>,
    /// `None`: nothing of a lesson.
    pub lesson: Option<LessonLayer>,
}

impl Layer {
    /// Takes in a table at `prefix` ("" for the root).
    pub fn add(&mut self, prefix: &str, node: &Node) -> Result<(), ConfigError> {
        let Kind::Table(items) = &node.kind else { return self.add_key(prefix, &node.at, node) };
        for (name, at, value) in items {
            self.add_key(&join(prefix, name), at, value)?;
        }
        Ok(())
    }

    /// Takes in one key or section; `at` is where the key stands.
    pub fn add_key(&mut self, name: &str, at: &Place, node: &Node) -> Result<(), ConfigError> {
        if name == "schedule" {
            self.schedule = Some(schedule(node)?);
            return Ok(());
        }
        if name == "sweep" || name.starts_with("sweep.") {
            return self.sweep.get_or_insert_with(|| SweepLayer::at(at)).add(name, at, node);
        }
        if name == "lesson" {
            self.lesson = Some(LessonLayer::read(at, node)?);
            return Ok(());
        }
        if let Some(key) = key(name) {
            let given = node.plain();
            let value = key.range.accept(&given).ok_or_else(|| misfit(name, key.range, &given, &node.at))?;
            self.entries.push(Entry { key: name.to_owned(), value, at: node.at.clone() });
            return Ok(());
        }
        if !is_section(name) {
            let nearest = nearest_key(name).map(str::to_owned);
            return Err(ConfigError::UnknownKey { at: at.clone(), key: name.to_owned(), nearest });
        }
        if !matches!(node.kind, Kind::Table(_)) {
            return Err(ConfigError::Value {
                at: node.at.clone(),
                key: name.to_owned(),
                value: shown(&node.plain()),
                expected: "a table of keys".into(),
                hint: "".into(),
            });
        }
        self.add(name, node)
    }

    /// The base with this layer's values, valid as a whole but for the schedule, which is taken as it is.
    pub fn over_state(&self, base: &Config) -> Result<Config, ConfigError> {
        let mut config = lay(base, &self.entries)?;
        config.schedule = self.schedule.iter().flatten().map(Scheduled::plain).collect();
        rules::check(&config).map_err(|broken| broken.locate(&self.entries, &Place::Here))?;
        Ok(config)
    }

    /// The base with this layer's values, valid as a whole. A schedule is tried out only if `with_schedule`.
    pub fn over(&self, base: &Config, with_schedule: bool) -> Result<Config, ConfigError> {
        let mut config = lay(base, &self.entries)?;
        if let Some(schedule) = &self.schedule {
            config.schedule = schedule.iter().map(Scheduled::plain).collect();
        }
        rules::check(&config).map_err(|broken| broken.locate(&self.entries, &Place::Here))?;
        if with_schedule || self.schedule.is_some() {
            let places: Vec<Scheduled> = match &self.schedule {
                Some(s) => s.clone(),
                None => config.schedule.iter().map(Scheduled::from_plain).collect(),
            };
            rehearse(&config, &places)?;
        }
        if let Some(sweep) = &self.sweep {
            let sweep = sweep.over(config.sweep.as_ref());
            sweep.check(&config)?;
            config.sweep = Some(sweep.plain());
        } else if let (true, Some(sweep)) = (with_schedule, &config.sweep) {
            // What this layer sets may not go with the points.
            SweepLayer::from_plain(sweep).check(&config)?;
        }
        if let Some(lesson) = &self.lesson {
            lesson.check(&config)?;
            config.lesson = Some(lesson.plain());
        } else if let (true, Some(lesson)) = (with_schedule, &config.lesson) {
            LessonLayer::from_plain(lesson).check(&config)?;
        }
        Ok(config)
    }
}

/// `base` with these values, rules between keys not yet checked.
pub(super) fn lay(base: &Config, entries: &[Entry]) -> Result<Config, ConfigError> {
    let mut table = base.to_table();
    for e in entries {
        put(&mut table, &e.key, e.value.clone());
    }
    // Every value fits its key, so this fails only if the table of keys and the schema disagree (a test holds them equal).
    Config::deserialize(table).map_err(|e| ConfigError::Rule {
        at: Place::Here,
        keys: vec![],
        message: e.message().trim().to_owned(),
    })
}

fn put(table: &mut Table, name: &str, value: Value) {
    match name.split_once('.') {
        None => drop(table.insert(name.to_owned(), value)),
        Some((section, rest)) => {
            let inner = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(t) = inner {
                put(t, rest, value);
            }
        }
    }
}

fn join(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// The error for a value that does not fit, with the nearest name where there is one.
pub(super) fn misfit(name: &str, range: Range, given: &Value, at: &Place) -> ConfigError {
    let text = given.as_str().unwrap_or_default();
    let near = (!text.is_empty()).then(|| nearest_name(text, range.names())).flatten();
    let hint = near.map(|n| format!(", did you mean \"{n}\"?")).unwrap_or_default();
    ConfigError::Value {
        at: at.clone(),
        key: name.to_owned(),
        value: shown(given),
        expected: range.to_string().into(),
        hint: hint.into(),
    }
}

// ---- the schedule ----

impl Scheduled {
    fn plain(&self) -> super::ScheduleEntry {
        let set = self.set.iter().map(|e| (e.key.clone(), e.value.clone())).collect();
        super::ScheduleEntry { at: self.step, attempt: self.attempt, set }
    }

    fn from_plain(entry: &super::ScheduleEntry) -> Self {
        let set = entry.set.iter().map(|(k, v)| Entry { key: k.clone(), value: v.clone(), at: Place::Here });
        Self { step: entry.at, attempt: entry.attempt, set: set.collect(), place: Place::Here }
    }
}

/// Reads `[[schedule]]`, sorted by attempt and step; entries of one step keep their order.
fn schedule(node: &Node) -> Result<Vec<Scheduled>, ConfigError> {
    let Kind::Array(items) = &node.kind else {
        return Err(wrong("schedule", node, "a list of entries, each written as [[schedule]]"));
    };
    let mut entries = items.iter().map(schedule_entry).collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(|e| (e.attempt, e.step));
    Ok(entries)
}

fn schedule_entry(node: &Node) -> Result<Scheduled, ConfigError> {
    const STEPS: Range = Range::Int { min: 1, max: i64::MAX as u64 };
    const ATTEMPTS: Range = Range::Int { min: 0, max: i64::MAX as u64 };
    let Kind::Table(items) = &node.kind else {
        return Err(wrong("schedule", node, "a list of entries { at = STEP, set = { KEY = VALUE } }"));
    };
    let (mut step, mut attempt, mut set) = (None, 0, None);
    let number = |name: &str, range: Range, value: &Node| {
        let given = value.plain();
        let accepted = range.accept(&given).ok_or_else(|| misfit(name, range, &given, &value.at))?;
        Ok(accepted.as_integer().and_then(|i| u64::try_from(i).ok()))
    };
    for (name, at, value) in items {
        match name.as_str() {
            "at" => step = number("schedule.at", STEPS, value)?,
            "attempt" => attempt = number("schedule.attempt", ATTEMPTS, value)?.unwrap_or_default(),
            "set" => set = Some(live_entries("schedule.set", value)?),
            _ => {
                let nearest = nearest_name(name, &["at", "attempt", "set"]).map(|n| format!("schedule.{n}"));
                return Err(ConfigError::UnknownKey { at: at.clone(), key: format!("schedule.{name}"), nearest });
            }
        }
    }
    match (step, set) {
        (Some(step), Some(set)) if !set.is_empty() => Ok(Scheduled { step, attempt, set, place: node.at.clone() }),
        (None, _) => Err(wrong("schedule", node, "entries that each have a step: at = STEP")),
        _ => Err(wrong("schedule", node, "entries that each change something: set = { KEY = VALUE }")),
    }
}

/// The keys of the `set` of one entry, or of a card of a lesson, all of them live.
pub(super) fn live_entries(of: &str, node: &Node) -> Result<Vec<Entry>, ConfigError> {
    let Kind::Table(items) = &node.kind else { return Err(wrong(of, node, "a table of keys")) };
    let mut layer = Layer::default();
    for (name, at, value) in items {
        let before = layer.entries.len();
        layer.add_key(name, at, value)?;
        let fixed = layer.entries[before..].iter().find(|e| !super::is_live(&e.key)).map(|e| e.key.clone());
        let whole =
            [("schedule", layer.schedule.is_some()), ("sweep", layer.sweep.is_some()), ("lesson", layer.lesson.is_some())];
        let whole = || whole.into_iter().find(|(_, set)| *set).map(|(name, _)| name.to_owned());
        if let Some(key) = fixed.or_else(whole) {
            return Err(ConfigError::Scheduled { at: at.clone(), key });
        }
    }
    Ok(layer.entries)
}

impl Config {
    /// Refuses a schedule that cannot be followed.
    pub(super) fn rehearsed(&self) -> Result<(), ConfigError> {
        rehearse(self, &self.schedule.iter().map(Scheduled::from_plain).collect::<Vec<_>>())
    }
}

/// Applies the entries one after the other, as the run will, and refuses the first that does not go.
fn rehearse(config: &Config, schedule: &[Scheduled]) -> Result<(), ConfigError> {
    let mut config = config.clone();
    for entry in schedule {
        config = lay(&config, &entry.set)?;
        rules::check(&config).map_err(|mut broken| {
            broken.message = format!("the schedule cannot be followed at step {}: {}", entry.step, broken.message);
            broken.locate(&entry.set, &entry.place)
        })?;
    }
    Ok(())
}

fn wrong(name: &str, node: &Node, expected: &str) -> ConfigError {
    let (key, value) = (name.to_owned(), shown(&node.plain()));
    ConfigError::Value { at: node.at.clone(), key, value, expected: expected.into(), hint: "".into() }
}
