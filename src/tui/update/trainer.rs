//! What the trainer says, carried into the state.

use std::sync::Arc;

use super::{heal, intent::sentence, runs};
use crate::{
    config::{Change, Source},
    doctor::Doctor,
    record::{JournalKind, JournalRow, ProbeRow},
    train::{Event, History, Outcome, Phase, Snapshot},
    tui::{
        app::{App, Leaving},
        log::Kind,
        message::Effect,
        undo::Undo,
    },
};

pub fn on_event(app: &mut App, event: Event) -> Vec<Effect> {
    match event {
        Event::Ack { id, step, outcome } => on_ack(app, id, step, outcome),
        Event::Journal(row) => {
            on_journal(app, &row);
            return runs::began(app, row);
        }
        Event::Probe(row) => app.log.push(row.step, Kind::Probe, probe_sentence(&row)),
        Event::Checkpoint { step, path } => {
            let name = path.file_name().map_or_else(|| path.display().to_string(), |n| n.to_string_lossy().into_owned());
            app.log.push(step, Kind::Checkpoint, format!("checkpoint {name}"));
        }
        Event::Warning(text) => app.note(Kind::Warning, text),
        Event::Ended(outcome) => return on_ended(app, outcome),
    }
    Vec::new()
}

fn on_ack(app: &mut App, id: u64, step: u64, outcome: Result<(), String>) {
    match outcome {
        Ok(()) => {
            let shown = app.live.clone();
            if let Some(request) = app.requests.accept(id, &shown) {
                app.log.accepted(id, step, steps_stand_still(app).then_some(app.live.step));
                for change in &request.changes {
                    app.broken_scripts.remove(&change.key);
                }
                app.undo.accepted(id, request.changes);
            }
        }
        Err(reason) => {
            let Some(request) = app.requests.refuse(id) else { return };
            app.undo.refused(id);
            let at = if steps_stand_still(app) { app.live.step } else { step };
            app.log.answer(id, at, Kind::Refused, Some(&reason));
            let saved_script = request.changes.iter().any(|c| c.source == Source::Script);
            for change in &request.changes {
                app.refused.insert(change.key.clone(), reason.clone());
                if saved_script {
                    app.broken_scripts.insert(change.key.clone(), reason.clone());
                }
            }
            if saved_script {
                // The banner says so until the file is mended.
                return;
            }
            app.complain(format!("{} refused: {reason}", sentence(&request.changes)));
        }
    }
}

/// True if no step is taken until somebody says so.
fn steps_stand_still(app: &App) -> bool {
    matches!(app.live.phase, Phase::Paused(_) | Phase::Finished)
}

/// Journal rows that no other event tells of.
fn on_journal(app: &mut App, row: &JournalRow) {
    // What was asked for here has its line already, with its answer.
    let ours = matches!(row.source.as_deref(), Some("key" | "file" | "command" | "script"));
    if matches!(row.kind, JournalKind::Change | JournalKind::Refused) && ours || row.kind == JournalKind::Checkpoint {
        return;
    }
    let (kind, text) = journal_line(row);
    app.log.push(row.step, kind, text);
}

/// A journal row as a line of the log.
pub fn journal_line(row: &JournalRow) -> (Kind, String) {
    let reason = row.reason.as_deref().map(|r| format!(": {r}")).unwrap_or_default();
    match row.kind {
        JournalKind::Change => (Kind::Accepted, change_line(row)),
        JournalKind::Refused => (Kind::Refused, format!("{} refused{reason}", change_line(row))),
        JournalKind::Start => (Kind::Note, format!("start{reason}")),
        JournalKind::Checkpoint => (Kind::Checkpoint, format!("checkpoint{reason}")),
        JournalKind::Pause => (Kind::Note, format!("paused{reason}")),
        JournalKind::Resume => (Kind::Note, format!("training goes on{reason}")),
        JournalKind::Resumed => (Kind::Note, format!("resumed from a checkpoint{reason}")),
        JournalKind::Nonfinite => (Kind::Warning, format!("non-finite objective or gradient{reason}")),
        JournalKind::End => (Kind::Note, format!("end{reason}")),
    }
}

fn change_line(row: &JournalRow) -> String {
    let value = |v: &Option<serde_json::Value>| v.clone().and_then(|v| toml::Value::try_from(v).ok());
    let (Some(key), Some(from), Some(to)) = (&row.key, value(&row.from), value(&row.to)) else {
        return row.key.clone().unwrap_or_else(|| "a change".into());
    };
    let source = match row.source.as_deref() {
        Some("file") => Source::File,
        Some("command") => Source::Command,
        Some("script") => Source::Script,
        Some("schedule") => Source::Schedule,
        Some("policy") => Source::Policy,
        _ => Source::Key,
    };
    sentence(&[Change { key: key.clone(), from, to, source }])
}

/// `probe: conv 62.1 %, fc 55.0 %, Y 47.2 %, kNN 49.3 %`.
pub fn probe_sentence(row: &ProbeRow) -> String {
    let a = &row.accuracy;
    let parts = [("conv", a.linear.conv), ("fc", a.linear.fc), ("Y", a.linear.y), ("kNN", a.knn.y)];
    let parts: Vec<String> = parts.iter().map(|(name, v)| format!("{name} {:.1} %", v * 100.0)).collect();
    format!("probe: {}", parts.join(", "))
}

fn on_ended(app: &mut App, outcome: Outcome) -> Vec<Effect> {
    app.requests.clear();
    let told = match &outcome {
        Outcome::Failed(m) => Some((Kind::Error, format!("the trainer failed: {m}"))),
        Outcome::Nonfinite(m) => Some((Kind::Error, format!("stopped: {m}"))),
        Outcome::Refused(m) => Some((Kind::Error, m.clone())),
        Outcome::Done | Outcome::Stopped(_) => None,
    };
    if let Some((kind, text)) = told {
        app.note(kind, text);
    }
    // Before anything could be seen, a refusal is an answer to the command line.
    let hopeless = matches!(outcome, Outcome::Refused(_)) && !app.was_ready;
    let failed = matches!(outcome, Outcome::Failed(_) | Outcome::Nonfinite(_));
    app.ended = Some(outcome);
    match app.leaving.take() {
        Some(Leaving::Restart(config)) if !failed => vec![Effect::Start(config)],
        // What the trainer had to say last is worth reading before a new one begins.
        Some(Leaving::Restart(_)) | None => {
            if hopeless {
                vec![Effect::Exit]
            } else {
                Vec::new()
            }
        }
        leaving => {
            app.leaving = leaving;
            vec![Effect::Exit]
        }
    }
}

pub fn on_snapshot(app: &mut App, snapshot: Arc<Snapshot>) {
    app.was_ready |= !matches!(snapshot.phase, Phase::Starting(_) | Phase::Failed(_) | Phase::Ended);
    let other_config = !Arc::ptr_eq(&app.live.config, &snapshot.config);
    app.live = snapshot;
    if let Some(lesson) = app.lesson.as_mut() {
        lesson.look(&app.live);
    }
    heal::look(app);
    app.requests.settle();
    if other_config {
        app.compare_with_file();
        let config = app.live.config.clone();
        app.next_run.retain(|key, value| config.get(key).as_ref() != Some(value));
    }
}

/// A new run has begun: its history starts empty.
pub fn on_started(app: &mut App, snapshot: Arc<Snapshot>, history: Arc<History>) -> Vec<Effect> {
    app.ended = None;
    app.leaving = None;
    app.frozen = None;
    app.cursor = None;
    app.sight.begin_anew(snapshot.config.has_encoder());
    app.refused.clear();
    app.broken_scripts.clear();
    app.next_run.clear();
    app.requests.clear();
    app.undo = Undo::default();
    app.doctor = Doctor::default();
    app.history = history;
    app.live = snapshot;
    if let Some(lesson) = app.lesson.as_mut() {
        lesson.begin_anew(&app.live);
    }
    app.settle();
    app.compare_with_file();
    app.note(Kind::Note, "a new run begins");
    runs::left(app);
    Vec::new()
}
