//! Carries out what the update asks for: the only part of the workbench that touches trainer, files and clock.

use std::path::{Path, PathBuf};

use toml::Value;

use super::{
    app::{App, WatchedFile},
    message::{Done, Message},
};
use crate::{
    config::{self, Config, Watch},
    train::{Command, Options, Outcome, Session},
};

/// The world outside of the state.
pub struct World {
    pub session: Session,
    pub watch: Option<Watch>,
    options: Options,
}

impl World {
    /// Begins to train, and to watch the file if there is one.
    pub fn start(config: Config, options: Options, file: Option<&Path>) -> anyhow::Result<(Self, Option<WatchedFile>)> {
        let watched = file.map(watch).transpose()?;
        let options = Options { interactive: true, ..options };
        let session = Session::start(config, options.clone())?;
        let (watch, shown) = watched.unzip();
        Ok((Self { session, watch, options }, shown))
    }

    pub fn send(&self, command: Command) {
        // A trainer that is gone has said so in its last event.
        let _ = self.session.commands.send(command);
    }

    /// Joins the old trainer, which has ended, and starts a new one beside its run directory.
    pub fn restart(&mut self, config: &Config, app: &App) -> Message {
        let options = Options { out: sibling(&app.live.facts.run_dir), resume: None, ..self.options.clone() };
        let done = match Session::start(config.clone(), options) {
            Ok(session) => {
                let old = std::mem::replace(&mut self.session, session);
                old.join();
                Done::Started { snapshot: self.session.snapshot.load_full(), history: self.session.history.clone() }
            }
            Err(error) => Done::Failed(format!("cannot start a new run: {error}")),
        };
        Message::Done(done)
    }

    /// Saves the whole configuration under a name of the user's and watches that file from now on.
    pub fn save(&mut self, path: &Path, config: &Config) -> Message {
        let all: Vec<(String, Value)> =
            config::keys().iter().filter_map(|k| Some((k.name.to_owned(), config.get(k.name)?))).collect();
        let saved = config::write_back(path, config, &all).and_then(|_| watch(path));
        Message::Done(match saved {
            Ok((watch, file)) => {
                self.watch = Some(watch);
                Done::Saved { path: file.path, content: Box::new(file.content) }
            }
            Err(error) => Done::Failed(error.to_string()),
        })
    }

    /// Puts values of the run into the watched file.
    pub fn write_back(&mut self, config: &Config, edits: &[(String, Value)]) -> Message {
        let Some(watch) = &mut self.watch else { return Message::Done(Done::Failed("no config file is watched".into())) };
        let path = watch.path().to_owned();
        Message::Done(match config::write_back(&path, config, edits) {
            Ok(text) => {
                watch.own_write(&text);
                Done::WroteBack { content: Box::new(watch.last_valid().clone()) }
            }
            Err(error) => Done::Failed(error.to_string()),
        })
    }

    /// Waits for the trainer's end.
    pub fn join(self) -> Outcome {
        self.session.join()
    }
}

/// Begins to watch a file, from what it says now.
fn watch(path: &Path) -> Result<(Watch, WatchedFile), config::ConfigError> {
    let content = config::load(Some(path), &[])?;
    let watch = Watch::new(path, content.clone())?;
    Ok((watch, WatchedFile { path: path.to_owned(), content, broken: None }))
}

/// `NAME-2`, or the next number that is free, beside a run directory; `None` if there is none yet.
fn sibling(run_dir: &Path) -> Option<PathBuf> {
    let name = run_dir.file_name()?.to_str()?;
    let stem =
        name.rsplit_once('-').filter(|(_, n)| n.len() < 4 && n.parse::<u32>().is_ok_and(|n| n > 1)).map_or(name, |(s, _)| s);
    (2..10_000).map(|n| run_dir.with_file_name(format!("{stem}-{n}"))).find(|p| !p.exists())
}
