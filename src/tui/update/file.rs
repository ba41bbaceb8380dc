//! The watched config file: a save becomes one request; a broken file changes nothing.
//!
//! Who wins: the watch compares a save with the last valid content of the same file, so only keys that the user changed
//! *in the file* arrive here, and they are newer than whatever the run says.

use toml::Value;

use super::intent;
use crate::{
    config::{self, FileEvent, Source},
    tui::{app::App, log::Kind, message::Effect},
};

pub fn on_file(app: &mut App, event: FileEvent) -> Vec<Effect> {
    match event {
        FileEvent::Changed { changes, content } => {
            if let Some(file) = &mut app.file {
                file.content = content;
                file.broken = None;
            }
            app.compare_with_file();
            let edits = changes.into_iter().map(|c| (c.key, c.to));
            let alive = app.alive();
            let (live, later): (Vec<_>, Vec<_>) = edits.partition(|(key, _)| alive && config::is_live(key));
            // What a save says is always asked for: whether it fits the run is for the trainer to say, and to record.
            for (key, _) in &live {
                app.refused.remove(key);
            }
            intent::wait(app, later);
            let effects = intent::send(app, live, Source::File);
            if effects.is_empty() {
                app.note(Kind::File, "config file saved; nothing to change in this run");
            }
            effects
        }
        FileEvent::Broken(error) => {
            let text = error.to_string();
            app.note(Kind::File, format!("config file not usable, nothing changed: {text}"));
            if let Some(file) = &mut app.file {
                file.broken = Some(text);
            }
            Vec::new()
        }
        FileEvent::Mended => {
            if let Some(file) = &mut app.file {
                file.broken = None;
            }
            app.note(Kind::File, "config file mended");
            Vec::new()
        }
    }
}

/// The values of the run (as wanted) in the keys where it differs from the file.
pub fn write_back(app: &mut App) -> Vec<Effect> {
    if app.file.is_none() {
        app.complain("no config file is watched: save one with :w FILE");
        return Vec::new();
    }
    let wanted = app.next_config();
    let mut keys = app.differs.clone();
    keys.extend(app.next_run.keys().cloned());
    let edits: Vec<(String, Value)> = keys.into_iter().filter_map(|k| wanted.get(&k).map(|v| (k, v))).collect();
    if edits.is_empty() {
        app.say("file and run agree already");
        return Vec::new();
    }
    vec![Effect::WriteBack(edits)]
}
