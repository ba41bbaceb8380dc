//! The doctor's keys, and the one that takes back.

use super::intent::{ask, sentence};
use crate::{
    config::{Change, Source},
    train::{Command, Phase},
    tui::{app::App, log::Kind, message::Effect},
};

/// The doctor looks at what has come; what it begins to tell goes into the log, in full.
pub fn look(app: &mut App) {
    // A resumed run's old rows come in before it begins.
    if matches!(app.live.phase, Phase::Starting(_)) {
        return;
    }
    let (config, history, vitals) = (app.live.config.clone(), app.history.clone(), app.live.vitals.clone());
    for finding in app.doctor.look(&config, &history, vitals.as_ref()) {
        app.note(Kind::Warning, format!("doctor: {}", finding.text));
    }
}

/// Asks for the remedy of the finding on the screen.
pub fn remedy(app: &mut App) -> Vec<Effect> {
    let Some(finding) = app.finding().cloned() else {
        app.say("the doctor finds nothing wrong");
        return Vec::new();
    };
    if finding.remedy.is_empty() {
        app.say(format!("no live setting helps: {}", finding.remedy_words));
        return Vec::new();
    }
    let effects = ask(app, finding.remedy, Source::Key);
    match request_of(&effects) {
        Some(_) => app.say(format!("remedy requested: {} · {{undo}} takes it back", finding.remedy_words)),
        None if app.notice.is_none() => app.say(format!("requested already: {}", finding.remedy_words)),
        None => {}
    }
    effects
}

/// The finding on the screen is told no more until its cause has gone away and come back.
pub fn dismiss(app: &mut App) {
    let Some(finding) = app.finding().cloned() else { return app.say("there is nothing to dismiss") };
    app.doctor.dismiss(finding.complaint, finding.patient);
    app.say(format!("dismissed until it has gone and come back: {}, {}", finding.complaint, finding.patient.name()));
}

/// Asks for the values before the newest accepted change.
pub fn undo(app: &mut App) -> Vec<Effect> {
    if app.requests.unanswered() {
        app.say("the newest change is not acknowledged yet");
        return Vec::new();
    }
    let Some(changes) = app.undo.newest() else {
        app.say("nothing to undo: no change was made from here");
        return Vec::new();
    };
    let back: Vec<Change> =
        changes.iter().rev().map(|c| Change { from: c.to.clone(), to: c.from.clone(), ..c.clone() }).collect();
    let effects = ask(app, back.iter().map(|c| (c.key.clone(), c.to.clone())).collect(), Source::Key);
    let id = request_of(&effects);
    if id.is_none() && app.notice.as_ref().is_some_and(|n| n.error) {
        // What came since does not go with it; the reason is on the bottom line.
        return effects;
    }
    app.undo.begin(id);
    let done = sentence(&back.into_iter().map(|c| Change { source: Source::Key, ..c }).collect::<Vec<_>>());
    let further = match app.undo.len() {
        0 => String::new(),
        n => format!(" · {{undo}} goes further back ({n})"),
    };
    app.say(if id.is_some() { format!("undo: {done}{further}") } else { format!("is so already: {done}{further}") });
    effects
}

/// The id of the request among effects.
fn request_of(effects: &[Effect]) -> Option<u64> {
    effects.iter().find_map(|e| if let Effect::Send(Command::Apply { id, .. }) = e { Some(*id) } else { None })
}
