//! From "the user wants this" to a request: checked as a whole, sent as one, shown as requested.

use toml::Value;

use crate::{
    config::{self, Change, Config, Source},
    train::Command,
    tui::{app::App, controls::shown, keys::Action, log::Kind, message::Effect},
};

/// Asks for these values, all or none. Live keys go to the trainer as one request, the others wait for a new run.
/// An edit that cannot be is told on the bottom line and beside its key, and nothing is sent.
pub fn ask(app: &mut App, edits: Vec<(String, Value)>, source: Source) -> Vec<Effect> {
    match plan(app, &edits) {
        Ok((live, later)) => {
            for (key, _) in &edits {
                app.refused.remove(key);
            }
            wait(app, later);
            send(app, live, source)
        }
        Err(error) => {
            let text = error.to_string();
            // A command line stays open to be mended; nothing was asked of the key yet.
            let typed = source == Source::Command;
            if let Some(key) = error.key().or(edits.first().map(|e| e.0.as_str())).filter(|_| !typed) {
                app.refused.insert(key.to_owned(), text.clone());
            }
            app.complain(text);
            Vec::new()
        }
    }
}

type Edits = Vec<(String, Value)>;

/// Splits edits into those for now and those for the next run, each checked with what it will meet.
fn plan(app: &App, edits: &[(String, Value)]) -> Result<(Edits, Edits), config::ConfigError> {
    let wanted = app.wanted();
    // With no trainer left, everything waits for the next one.
    let (live, later): (Edits, Edits) = edits.iter().cloned().partition(|(key, _)| app.alive() && config::is_live(key));
    let after = wanted.with(&live)?;
    let later = canonical(later, &wanted)?;
    if !later.is_empty() {
        let mut all: Edits = app.next_run.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
        all.extend(later.iter().cloned());
        after.with(&all)?;
    }
    let live = live.into_iter().filter_map(|(key, _)| after.get(&key).map(|v| (key, v))).collect();
    Ok((live, later))
}

/// The values as the schema stores them (`1` for a weight is `1.0`).
fn canonical(edits: Edits, config: &Config) -> Result<Edits, config::ConfigError> {
    edits
        .into_iter()
        .map(|(key, value)| match config::key(&key) {
            Some(spec) => match spec.range.accept(&value) {
                Some(value) => Ok((key, value)),
                // The config says what is wrong, in its words.
                None => config.with(&[(key.clone(), value.clone())]).map(|_| (key, value)),
            },
            None => config.with(&[(key.clone(), value.clone())]).map(|_| (key, value)),
        })
        .collect()
}

/// Notes values for the next run; one that is in force already waits no longer.
pub fn wait(app: &mut App, later: Vec<(String, Value)>) {
    for (key, value) in later {
        let now = app.live.config.get(&key);
        if now.as_ref() == Some(&value) {
            app.next_run.remove(&key);
            continue;
        }
        if app.next_run.get(&key) != Some(&value) {
            let from = now.map(|v| shown(&v)).unwrap_or_default();
            let restart = app.ui.keys.name(Action::Restart);
            app.note(Kind::Note, format!("{key} {from} → {} with the next run ({restart} restarts)", shown(&value)));
        }
        app.next_run.insert(key, value);
    }
}

/// Sends live values as one request. Those that are so already are left out.
pub fn send(app: &mut App, live: Vec<(String, Value)>, source: Source) -> Vec<Effect> {
    let wanted = app.wanted();
    let changes: Vec<Change> = live
        .into_iter()
        .filter_map(|(key, to)| {
            let from = wanted.get(&key)?;
            (from != to).then_some(Change { key, from, to, source })
        })
        .collect();
    send_all(app, changes)
}

/// Sends changes as one request, whatever the values are now.
pub fn send_all(app: &mut App, changes: Vec<Change>) -> Vec<Effect> {
    if changes.is_empty() || !app.alive() {
        return Vec::new();
    }
    let id = app.requests.add(changes.clone());
    app.log.request(app.live.step, sentence(&changes), id);
    vec![Effect::Send(Command::Apply { id, changes })]
}

/// `optim.lr 1e-3 → 2e-3, optim.batch 64 → 32 (file)`.
pub fn sentence(changes: &[Change]) -> String {
    let parts: Vec<String> = changes.iter().map(|c| format!("{} {} → {}", c.key, shown(&c.from), shown(&c.to))).collect();
    let source = match changes.first().map(|c| c.source) {
        Some(Source::File) => " (file)",
        Some(Source::Command) => " (:set)",
        Some(Source::Script) => " (saved)",
        Some(Source::Schedule) => " (schedule)",
        Some(Source::Policy) => " (policy)",
        _ => "",
    };
    format!("{}{source}", parts.join(", "))
}
