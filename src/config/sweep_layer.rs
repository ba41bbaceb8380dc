//! `[sweep]` as it was written: read with the place of every value, and every point checked before the first run starts.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::{
    Config, ConfigError, EvalPart, Place, Range, Sweep, SweepPoint,
    error::shown,
    key,
    keys::{is_section, nearest_key, nearest_name},
    layer::{Entry, misfit},
    node::{Kind, Node},
    sweep::{MOST_RUNS, fixed},
};

const PARTS: [&str; 4] = ["seeds", "grid", "list", "eval"];

/// The parts of a sweep that a layer sets.
#[derive(Debug, Clone)]
pub(super) struct SweepLayer {
    seeds: Option<Vec<u64>>,
    grid: Option<BTreeMap<String, Vec<Entry>>>,
    /// Keys of the grid that were set one by one.
    axes: BTreeMap<String, Vec<Entry>>,
    list: Option<Vec<Vec<Entry>>>,
    eval: Option<Vec<EvalPart>>,
    place: Place,
}

impl SweepLayer {
    pub fn at(place: &Place) -> Self {
        Self { seeds: None, grid: None, axes: BTreeMap::new(), list: None, eval: None, place: place.clone() }
    }

    /// Takes in `sweep` (the whole table), `sweep.PART`, or `sweep.grid.KEY`. Everything that is wrong is told at once.
    pub fn add(&mut self, name: &str, at: &Place, node: &Node) -> Result<(), ConfigError> {
        let mut wrong = Vec::new();
        match name.split_once('.') {
            None => match &node.kind {
                Kind::Table(items) => items.iter().for_each(|(part, at, node)| self.part(part, at, node, &mut wrong)),
                _ => wrong.push(misplaced("sweep", node, "a table with seeds, grid, list or eval")),
            },
            Some((_, part)) => match part.split_once('.') {
                Some(("grid", key)) => axis(key, at, node, &mut self.axes, &mut wrong),
                _ => self.part(part, at, node, &mut wrong),
            },
        }
        ConfigError::all(wrong)
    }

    fn part(&mut self, part: &str, at: &Place, node: &Node, wrong: &mut Vec<ConfigError>) {
        match part {
            "seeds" => self.seeds = Some(seeds(node, wrong)),
            "grid" => {
                let mut grid = BTreeMap::new();
                match &node.kind {
                    Kind::Table(items) => items.iter().for_each(|(name, at, node)| axis(name, at, node, &mut grid, wrong)),
                    _ => wrong.push(misplaced("sweep.grid", node, "a table of keys, each with a list of values")),
                }
                self.grid = Some(grid);
            }
            "list" => self.list = Some(list(node, wrong)),
            "eval" => self.eval = Some(eval(node, wrong)),
            _ => wrong.push(ConfigError::UnknownKey {
                at: at.clone(),
                key: format!("sweep.{part}"),
                nearest: nearest_name(part, &PARTS).map(|near| format!("sweep.{near}")),
            }),
        }
    }

    /// Everything a sweep says, without places.
    pub fn from_plain(sweep: &Sweep) -> Self {
        let entry = |(name, value): (&String, &Value)| Entry { key: name.clone(), value: value.clone(), at: Place::Here };
        let axis = |(name, values): (&String, &Vec<Value>)| {
            (name.clone(), values.iter().map(|value| entry((name, value))).collect::<Vec<_>>())
        };
        Self {
            seeds: Some(sweep.seeds.clone()),
            grid: Some(sweep.grid.iter().map(axis).collect()),
            axes: BTreeMap::new(),
            list: Some(sweep.list.iter().map(|set| set.iter().map(entry).collect()).collect()),
            eval: Some(sweep.eval.clone()),
            place: Place::Here,
        }
    }

    /// This, with what it does not say taken from `base`.
    pub fn over(&self, base: Option<&Sweep>) -> Self {
        let base = base.map(Self::from_plain).unwrap_or_else(|| Self::at(&self.place));
        Self {
            seeds: self.seeds.clone().or(base.seeds),
            grid: self.grid.clone().or(base.grid),
            axes: self.axes.clone(),
            list: self.list.clone().or(base.list),
            eval: self.eval.clone().or(base.eval),
            place: self.place.clone(),
        }
    }

    pub fn plain(&self) -> Sweep {
        let axis =
            |(name, entries): (&String, &Vec<Entry>)| (name.clone(), entries.iter().map(|e| e.value.clone()).collect::<Vec<_>>());
        let set = |entries: &Vec<Entry>| entries.iter().map(|e| (e.key.clone(), e.value.clone())).collect();
        Sweep {
            seeds: self.seeds.clone().unwrap_or_default(),
            // Keys set one by one come last and win.
            grid: self.grid.iter().flatten().chain(&self.axes).map(axis).collect(),
            list: self.list.iter().flatten().map(set).collect(),
            eval: self.eval.clone().unwrap_or_default(),
        }
    }

    /// Checks every point of `config`, whose sweep this is.
    pub fn check(&self, config: &Config) -> Result<(), ConfigError> {
        let sweep = self.plain();
        if sweep.count().is_none_or(|n| n > MOST_RUNS) {
            let message = format!("sweep: more than {MOST_RUNS} runs; take fewer values, or several sweeps");
            return Err(self.rule(self.place.clone(), message));
        }
        let twice = sweep.list.iter().flat_map(BTreeMap::keys).find(|name| sweep.grid.contains_key(*name));
        if let Some(name) = twice {
            return Err(self.rule(self.place.clone(), format!("sweep: '{name}' is in grid and in list; leave it in one of them")));
        }
        let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
        for edits in sweep.settings() {
            let said = said(&edits);
            if !seen.insert(said.clone()) {
                wrong.push(self.rule(self.place.clone(), format!("sweep: the point {said} is there twice")));
            } else if let Err(error) = self.check_point(config, edits, &said) {
                wrong.push(error);
            }
        }
        ConfigError::all(wrong)
    }

    fn check_point(&self, config: &Config, edits: Vec<(String, Value)>, said: &str) -> Result<(), ConfigError> {
        let seed = self.seeds.as_ref().and_then(|seeds| seeds.first().copied());
        let point = SweepPoint { edits, seed };
        let outcome = config.at_point(&point).and_then(|at| at.rehearsed().map(|()| at));
        let message = match outcome {
            Ok(at) if self.eval.as_ref().is_some_and(|parts| !parts.is_empty()) && !at.has_encoder() => {
                "sweep.eval: with data.name = \"gaussian\" there is no encoder to measure".to_owned()
            }
            Ok(_) => return Ok(()),
            Err(ConfigError::Rule { message, keys, .. }) => {
                let at = keys.iter().find_map(|key| self.place_of(key, &point)).unwrap_or_else(|| self.place.clone());
                return Err(self.rule(at, format!("sweep: at the point {said}, {message}")));
            }
            Err(other) => other.to_string(),
        };
        Err(self.rule(self.place.clone(), format!("sweep: at the point {said}, {message}")))
    }

    /// Where this key got the value that it has at this point.
    fn place_of(&self, name: &str, point: &SweepPoint) -> Option<Place> {
        let (_, value) = point.edits.iter().find(|(key, _)| key == name)?;
        let axes = self.grid.iter().chain([&self.axes]).flat_map(BTreeMap::values);
        axes.chain(self.list.iter().flatten()).flatten().find(|e| e.key == name && e.value == *value).map(|e| e.at.clone())
    }

    fn rule(&self, at: Place, message: String) -> ConfigError {
        ConfigError::Rule { at, keys: vec!["sweep"], message }
    }
}

/// A point as messages name it.
fn said(edits: &[(String, Value)]) -> String {
    let parts: Vec<String> = edits.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    if parts.is_empty() { "with nothing set".into() } else { parts.join(", ") }
}

fn seeds(node: &Node, wrong: &mut Vec<ConfigError>) -> Vec<u64> {
    const SEED: Range = Range::Int { min: 0, max: i64::MAX as u64 };
    let Kind::Array(items) = &node.kind else {
        wrong.push(misplaced("sweep.seeds", node, "a list of seeds, as in [0, 1, 2]"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        let given = item.plain();
        match SEED.accept(&given).and_then(|v| v.as_integer()).and_then(|i| u64::try_from(i).ok()) {
            Some(seed) if found.contains(&seed) => wrong.push(misplaced("sweep.seeds", item, "different seeds")),
            Some(seed) => found.push(seed),
            None => wrong.push(misfit("sweep.seeds", SEED, &given, &item.at)),
        }
    }
    if items.is_empty() {
        wrong.push(misplaced("sweep.seeds", node, "at least one seed; without sweep.seeds it is the config's own"));
    }
    found
}

/// A key of the grid with its values, or a table of such keys.
fn axis(name: &str, at: &Place, node: &Node, grid: &mut BTreeMap<String, Vec<Entry>>, wrong: &mut Vec<ConfigError>) {
    if let (true, Kind::Table(items)) = (key(name).is_none() && is_section(name), &node.kind) {
        return items.iter().for_each(|(part, at, node)| axis(&format!("{name}.{part}"), at, node, grid, wrong));
    }
    let Some(range) = varies(name, at, wrong) else { return };
    let items = match &node.kind {
        Kind::Array(items) if !items.is_empty() => items,
        _ => return wrong.push(misplaced(&format!("sweep.grid.{name}"), node, "a list of values, at least one")),
    };
    let mut entries = Vec::new();
    for item in items {
        entries.extend(entry(name, range, item, wrong));
    }
    grid.insert(name.to_owned(), entries);
}

fn list(node: &Node, wrong: &mut Vec<ConfigError>) -> Vec<Vec<Entry>> {
    let Kind::Array(items) = &node.kind else {
        wrong.push(misplaced("sweep.list", node, "a list of entries { KEY = VALUE }"));
        return Vec::new();
    };
    if items.is_empty() {
        wrong.push(misplaced("sweep.list", node, "a list of entries { KEY = VALUE }, at least one"));
    }
    let one = |item: &Node, wrong: &mut Vec<ConfigError>| {
        let mut entries = Vec::new();
        match &item.kind {
            Kind::Table(set) => set.iter().for_each(|(name, at, value)| settings(name, at, value, &mut entries, wrong)),
            _ => wrong.push(misplaced("sweep.list", item, "a list of entries { KEY = VALUE }")),
        }
        entries
    };
    items.iter().map(|item| one(item, wrong)).collect()
}

/// A key of an entry of the list with its value, or a table of such keys.
fn settings(name: &str, at: &Place, node: &Node, entries: &mut Vec<Entry>, wrong: &mut Vec<ConfigError>) {
    if let (true, Kind::Table(items)) = (key(name).is_none() && is_section(name), &node.kind) {
        return items.iter().for_each(|(part, at, node)| settings(&format!("{name}.{part}"), at, node, entries, wrong));
    }
    if let Some(range) = varies(name, at, wrong) {
        entries.extend(entry(name, range, node, wrong));
    }
}

/// What a key takes, if there is such a key and it may vary.
fn varies(name: &str, at: &Place, wrong: &mut Vec<ConfigError>) -> Option<Range> {
    if let Some(why) = fixed(name) {
        wrong.push(ConfigError::Swept { at: at.clone(), key: name.to_owned(), why });
        return None;
    }
    let found = key(name).map(|k| k.range);
    if found.is_none() {
        let nearest = nearest_key(name).map(str::to_owned);
        wrong.push(ConfigError::UnknownKey { at: at.clone(), key: name.to_owned(), nearest });
    }
    found
}

fn entry(name: &str, range: Range, node: &Node, wrong: &mut Vec<ConfigError>) -> Option<Entry> {
    let given = node.plain();
    match range.accept(&given) {
        Some(value) => Some(Entry { key: name.to_owned(), value, at: node.at.clone() }),
        None => {
            wrong.push(misfit(name, range, &given, &node.at));
            None
        }
    }
}

fn eval(node: &Node, wrong: &mut Vec<ConfigError>) -> Vec<EvalPart> {
    let Kind::Array(items) = &node.kind else {
        wrong.push(misplaced("sweep.eval", node, "a list of parts of dim-tui eval, as in [\"reconstruction\"]"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for item in items {
        let given = item.plain();
        match EvalPart::ALL.into_iter().find(|part| given.as_str() == Some(part.name())) {
            Some(part) if found.contains(&part) => {}
            Some(part) => found.push(part),
            None => wrong.push(misfit("sweep.eval", Range::Choice(&EvalPart::NAMES), &given, &item.at)),
        }
    }
    found
}

fn misplaced(name: &str, node: &Node, expected: &str) -> ConfigError {
    let (key, value) = (name.to_owned(), shown(&node.plain()));
    ConfigError::Value { at: node.at.clone(), key, value, expected: expected.into(), hint: "".into() }
}
