//! Going back in time: a new run from a checkpoint, with the settings in force there or with the present ones.

use toml::Value;

use super::leave;
use crate::{
    config::Config,
    tui::{
        app::{App, Leaving, Mode, Travel},
        message::Effect,
        runs::name,
    },
};

/// A new run from the picked checkpoint; asked first while training.
pub fn ask(app: &mut App, fork: bool) -> Vec<Effect> {
    match plan(app, fork) {
        Err(why) => app.complain(why),
        Ok(travel) if app.is_training() && app.leaving.is_none() => app.mode = Mode::Travel(Box::new(travel)),
        Ok(travel) => return begin(app, travel),
    }
    Vec::new()
}

/// Ends this run with a checkpoint and begins the other.
pub fn begin(app: &mut App, travel: Travel) -> Vec<Effect> {
    leave(app, Leaving::Restart(Box::new(travel.config)))
}

fn plan(app: &App, fork: bool) -> Result<Travel, String> {
    let opened = app.runs.opened.as_ref().ok_or("no run is picked")?;
    let saved = opened.picked().ok_or("there is no checkpoint to begin from")?;
    let there = saved.config.as_ref().map_err(Clone::clone)?;
    let base = if fork { app.next_config() } else { (**there).clone() };
    if let Some((key, theirs, ours)) = unlike(there, &base) {
        return Err(format!("this checkpoint does not fit: its {key} is {theirs}, that of the present settings {ours}"));
    }
    let path = std::path::absolute(&saved.path).unwrap_or_else(|_| saved.path.clone());
    let from = Value::from(path.to_string_lossy().into_owned());
    let config = base.with(&[("start.checkpoint".into(), from)]).map_err(|e| e.to_string())?;
    Ok(Travel { config, step: saved.step, run: name(&opened.run), fork })
}

/// What of the encoder is different: then the checkpoint cannot fit, and this run need not end to find that out. Whether the rest fits
/// the trainer says.
fn unlike(there: &Config, here: &Config) -> Option<(&'static str, String, String)> {
    let of = |c: &Config| {
        let kind = if c.has_encoder() { c.resolved_encoder().name() } else { "none" };
        let e = &c.encoder;
        [kind.to_owned(), e.width.to_string(), e.fc.to_string(), e.code.to_string()]
    };
    let keys = ["encoder.kind", "encoder.width", "encoder.fc", "encoder.code"];
    let mut both = keys.into_iter().zip(of(there)).zip(of(here)).map(|((key, theirs), ours)| (key, theirs, ours));
    both.find(|(_, theirs, ours)| theirs != ours)
}
