//! What the numbers and settings of the screen are: one table of plain words, formulas, units and sources, shown by `i`.
//!
//! `lines` has an entry for every line of every chart, `settings` one for every setting, `views` those of the views and the header. What an
//! estimator is stands beside the estimator, in its crate, and is only quoted here.

mod lines;
mod settings;
mod views;

use dim_estimators::by_name;

use super::{
    app::{App, ChartId, Mode, Panel},
    controls::{CONTROLS, explained},
    keys::Action,
    tabs,
};
use crate::{
    config::{self, script_label},
    train::history::Series,
};

/// One number or setting. What is empty has nothing to say.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    pub name: &'static str,
    /// In plain words.
    pub what: &'static str,
    pub formula: &'static str,
    pub unit: &'static str,
    /// A value, a bound of which kind, a reference.
    pub kind: &'static str,
    /// Paper and equation, or where it is measured.
    pub source: &'static str,
    /// Why it may be negative, too large, stand still; what not to conclude.
    pub mind: &'static str,
}

/// An entry with its name and plain words; the rest by the functions below.
const fn entry(name: &'static str, what: &'static str) -> Entry {
    Entry { name, what, formula: "", unit: "", kind: "", source: "", mind: "" }
}

impl Entry {
    const fn formula(self, formula: &'static str) -> Self {
        Self { formula, ..self }
    }
    const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }
    const fn kind(self, kind: &'static str) -> Self {
        Self { kind, ..self }
    }
    const fn source(self, source: &'static str) -> Self {
        Self { source, ..self }
    }
    const fn mind(self, mind: &'static str) -> Self {
        Self { mind, ..self }
    }
}

/// Tabs that need no explanation of their own: what is in them is explained piece by piece.
const ASIDE: [Action; 2] = [Action::Train, Action::Log];

/// What an explanation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    Header,
    Chart(ChartId),
    /// A place in [`CONTROLS`].
    Setting(usize),
    /// The view that this action opens.
    View(Action),
}

/// The open explanation.
#[derive(Debug, Clone)]
pub struct Explaining {
    pub topic: Topic,
    pub scroll: usize,
    /// What it lies over.
    pub over: Mode,
}

/// What there is to say of one thing: a heading, a text, and labelled lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub heading: String,
    pub text: String,
    pub lines: Vec<(&'static str, String)>,
}

impl Topic {
    /// What has the focus.
    pub fn of(app: &App) -> Self {
        match (tabs::present(app), app.focus) {
            (view, _) if !ASIDE.contains(&view) => Topic::View(view),
            (_, Panel::Controls) => Topic::Setting(app.selected),
            (_, Panel::Chart(id)) => Topic::Chart(id),
            (_, Panel::Log) => Topic::Header,
        }
    }

    /// The one beside it: header, charts, the selected setting, views, round and round.
    pub fn turned(self, app: &App, by: isize) -> Self {
        let charts = app.charts().map(Topic::Chart);
        let views = tabs::all(app).map(|tab| tab.action).filter(|action| !ASIDE.contains(action)).map(Topic::View);
        let all: Vec<Topic> =
            [Topic::Header].into_iter().chain(charts).chain([Topic::Setting(app.selected)]).chain(views).collect();
        let at = all.iter().position(|topic| *topic == self).unwrap_or(0);
        all[(at as isize + by).rem_euclid(all.len() as isize) as usize]
    }

    pub fn title(self, app: &App) -> String {
        match self {
            Topic::Header => "The header".into(),
            Topic::Chart(ChartId::Loss) => "Loss".into(),
            Topic::Chart(ChartId::Information) => "Mutual information".into(),
            Topic::Chart(ChartId::Accuracy) => "Probe accuracy".into(),
            Topic::Chart(ChartId::Bias) => "Bias".into(),
            Topic::Chart(ChartId::Deviation) => "Standard deviation".into(),
            Topic::Setting(i) => format!("Setting: {}", CONTROLS[i].label),
            Topic::View(action) => {
                let name = tabs::all(app).find(|tab| tab.action == action).map_or("", |tab| tab.name);
                format!("{name} ({})", app.ui.keys.name(action))
            }
        }
    }

    pub fn parts(self, app: &App) -> Vec<Part> {
        match self {
            Topic::Chart(id) => chart(app, id),
            Topic::Setting(i) => setting(app, CONTROLS[i].key),
            Topic::Header => views::HEADER.iter().map(part).collect(),
            Topic::View(Action::Estimators) if !app.live.config.has_encoder() => chart(app, ChartId::Bias),
            Topic::View(action) => views::of(action).iter().map(part).collect(),
        }
    }
}

/// The entry of a line of a chart.
pub fn of_series(series: Series) -> Option<&'static Entry> {
    lines::entry_of(series)
}

/// The entry of a setting.
pub fn of_setting(key: &str) -> Option<&'static Entry> {
    settings::SETTINGS.iter().find(|(name, _)| *name == key).map(|(_, entry)| entry)
}

fn part(entry: &Entry) -> Part {
    let all =
        [("formula", entry.formula), ("unit", entry.unit), ("it is", entry.kind), ("source", entry.source), ("mind", entry.mind)];
    Part { heading: entry.name.into(), text: entry.what.into(), lines: told(all) }
}

/// The lines that say something.
fn told<const N: usize>(lines: [(&'static str, &str); N]) -> Vec<(&'static str, String)> {
    lines.into_iter().filter(|(_, text)| !text.is_empty()).map(|(label, text)| (label, text.to_owned())).collect()
}

/// What the chart shows as a whole, and its lines, those that are drawn first.
fn chart(app: &App, id: ChartId) -> Vec<Part> {
    let mut all: Vec<Part> = lines::whole(id, &app.live.config).iter().map(part).collect();
    let mut series = lines::of_chart(id);
    series.sort_by_key(|series| app.history.len(*series) == 0);
    for series in series {
        let Some(entry) = of_series(series) else { continue };
        let mut found = part(entry);
        if app.history.len(series) == 0 && !matches!(series, Series::Chance) {
            found.heading += " (not on the chart now)";
        }
        all.push(found);
    }
    if id == ChartId::Information {
        all.extend(estimators(app));
    }
    all
}

/// The estimators in force, as their crate describes them.
fn estimators(app: &App) -> Vec<Part> {
    let config = &app.live.config;
    let mut names: Vec<String> = match config.has_encoder() {
        true => vec![config.local_estimator().into(), config.global_estimator().into()],
        false => app.history.estimators().iter().filter_map(|name| name.split(':').next().map(str::to_owned)).collect(),
    };
    names.dedup();
    names.iter().map(|name| estimator(name)).collect()
}

/// An estimator; of a script only its text knows what it is.
fn estimator(name: &str) -> Part {
    let Some(estimator) = by_name(name) else {
        let text = "An estimator from a script: its file says what it maximises, and what its number of nats is.".into();
        return Part { heading: format!("Estimator {}", script_label(name)), text, lines: Vec::new() };
    };
    let info = estimator.info();
    let lines = [
        ("trains", info.formula),
        ("reads", info.nats_formula),
        ("unit", "nats"),
        ("it is", info.kind.words()),
        ("ceiling", info.ceiling),
        ("source", info.source),
        ("mind", info.caution),
    ];
    Part { heading: format!("Estimator {}: {}", info.name, info.title), text: info.when.into(), lines: told(lines) }
}

/// A setting: its entry, what it takes, what it is now; of an estimator, also what that is.
fn setting(app: &App, key: &str) -> Vec<Part> {
    let Some(spec) = config::key(key) else { return Vec::new() };
    let mut first = of_setting(key).map(part).unwrap_or_else(|| Part {
        heading: key.into(),
        text: format!("{}.", spec.doc),
        lines: Vec::new(),
    });
    first.heading = key.into();
    let config = &app.live.config;
    let value = |config: &config::Config| config.get(key).map(|v| explained(key, &v, config)).unwrap_or_default();
    let changes = if spec.live { "between two steps of the running job" } else { "with a new run ({restart})" };
    first.lines.push(("takes", spec.range.to_string()));
    first.lines.push(("now", format!("{} (default {})", value(config), value(&config::Config::default()))));
    first.lines.push(("changes", changes.into()));
    let mut all = vec![first];
    match key {
        "objective.estimator" => all.extend(estimators(app)),
        "objective.local.estimator" => all.push(estimator(config.local_estimator())),
        "objective.global.estimator" => all.push(estimator(config.global_estimator())),
        _ => {}
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_has_an_entry_and_every_entry_a_setting() {
        for key in config::keys() {
            let listed = CONTROLS.iter().any(|control| control.key == key.name);
            if key.live || listed {
                let entry = of_setting(key.name).unwrap_or_else(|| panic!("nothing explains {}", key.name));
                assert!(entry.what.len() > 30 && entry.what.ends_with('.'), "{}: {}", key.name, entry.what);
            }
        }
        for (key, _) in settings::SETTINGS {
            assert!(config::key(key).is_some(), "{key} is explained, but there is no such setting");
            assert_eq!(settings::SETTINGS.iter().filter(|(name, _)| name == key).count(), 1, "{key}");
        }
    }

    #[test]
    fn numbers_in_nats_say_so_and_what_kind_of_number_they_are() {
        for id in [ChartId::Loss, ChartId::Information, ChartId::Accuracy, ChartId::Bias, ChartId::Deviation] {
            for series in lines::of_chart(id) {
                let entry = of_series(series).unwrap_or_else(|| panic!("nothing explains {series:?}"));
                assert!(!entry.what.is_empty() && !entry.unit.is_empty() && !entry.kind.is_empty(), "{series:?}");
                if matches!(id, ChartId::Information | ChartId::Bias | ChartId::Deviation) {
                    assert!(entry.unit.starts_with("nats"), "{series:?} is in {}", entry.unit);
                }
            }
        }
    }

    #[test]
    fn an_estimator_is_told_in_the_words_of_its_crate() {
        for name in dim_estimators::names() {
            let part = estimator(&name);
            assert!(
                part.heading.contains(&name) && part.lines.iter().any(|(label, text)| *label == "source" && !text.is_empty())
            );
        }
        assert!(estimator("scripts/own.rhai").text.contains("script"));
    }
}
