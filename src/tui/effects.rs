//! Carries out what the update asks for: the only part of the workbench that touches trainer, files and clock.

use std::path::{Path, PathBuf};

use toml::Value;

use super::{
    app::{App, WatchedFile},
    lesson::Lesson,
    message::{Done, Message},
    runs::reader::Reader,
};
use crate::{
    config::{self, Config, ESTIMATOR_KEYS, ScriptInForce, ScriptWatch, Source, Watch},
    record::{self, RunDir},
    train::{Command, Options, Outcome, Session},
};

/// The world outside of the state.
pub struct World {
    pub session: Session,
    pub watch: Option<Watch>,
    /// The scripts in force.
    pub scripts: ScriptWatch,
    /// Of other runs.
    pub reader: Reader,
    options: Options,
}

impl World {
    /// Begins to train, and to watch the file if there is one.
    pub fn start(config: Config, options: Options, file: Option<&Path>) -> anyhow::Result<(Self, Option<WatchedFile>)> {
        let watched = file.map(watch).transpose()?;
        let options = Options { interactive: true, ..options };
        let session = Session::start(config, options.clone())?;
        let (watch, shown) = watched.unzip();
        Ok((Self { session, watch, scripts: ScriptWatch::default(), reader: Reader::default(), options }, shown))
    }

    /// Scripts that can be named without a path.
    pub fn scripts_at_hand(&self) -> Vec<String> {
        config::scripts_in(&self.options.script_folders)
    }

    pub fn send(&self, command: Command) {
        // A trainer that is gone has said so in its last event.
        let _ = self.session.commands.send(command);
    }

    /// Joins the old trainer, which has ended, and starts a new one beside its run directory; one that begins with a checkpoint, beside
    /// the run of that.
    pub fn restart(&mut self, config: &Config, app: &App) -> Message {
        let old = app.live.facts.run_dir.clone();
        let from = Some(&config.start.checkpoint).filter(|path| !path.as_os_str().is_empty());
        let run = from.map_or_else(|| old.clone(), |checkpoint| RunDir::of_checkpoint(checkpoint));
        let lesson = from.filter(|_| app.lesson.is_none()).and_then(|_| Lesson::of_run(&run)).map(|found| found.map(Box::new));
        let mut options = Options { out: sibling(&run), resume: None, set: Vec::new(), ..self.options.clone() };
        // The scripts in force are named by the copies of the runs that they come from.
        options.script_folders.splice(0..0, [run, old]);
        let done = match Session::start(config.clone(), options) {
            Ok(session) => {
                let old = std::mem::replace(&mut self.session, session);
                old.join();
                let (snapshot, history) = (self.session.snapshot.load_full(), self.session.history.clone());
                Done::Started { snapshot, history, lesson }
            }
            Err(error) => Done::Failed(format!("cannot start a new run: {error}")),
        };
        Message::Done(done)
    }

    /// Saves the whole configuration under a name of the user's and watches that file from now on. Without `force` only a
    /// new file, or the one that is watched.
    pub fn save(&mut self, path: &Path, force: bool, config: &Config) -> Message {
        if !force && path.exists() && self.watch.as_ref().is_none_or(|w| w.path() != path) {
            let path = path.display();
            return Message::Done(Done::Failed(format!("{path} is there already: ':w! {path}' puts the run's values into it")));
        }
        let snapshot = self.session.snapshot.load();
        let mut config = with_files(&snapshot.scripts, path, config);
        if !config.start.checkpoint.as_os_str().is_empty() {
            // The run names its own copy.
            config.start.checkpoint = snapshot.facts.run_dir.join(&config.start.checkpoint);
            config.start.checkpoint = std::path::absolute(&config.start.checkpoint).unwrap_or(config.start.checkpoint);
        }
        let config = &config;
        // Into a file that is there already goes only what it says differently; a new one becomes the whole.
        let differing = config::load(Some(path), &[]).map(|content| config::diff(&content, config, Source::Key));
        let changes = differing.unwrap_or_default().into_iter().filter(|c| config::key(&c.key).is_some());
        let edits: Vec<(String, Value)> = changes.map(|c| (c.key, c.to)).collect();
        let saved = config::write_back(path, config, &edits).and_then(|_| watch(path));
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
        let scripts = self.session.snapshot.load().scripts.clone();
        let Some(watch) = &mut self.watch else { return Message::Done(Done::Failed("no config file is watched".into())) };
        let path = watch.path().to_owned();
        let (config, edits) = (&with_files(&scripts, &path, config), &edits_with_files(&scripts, &path, edits));
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

/// Writes where the reader of a lesson is; what there is to say if that fails.
pub fn keep_lesson(path: &Path, text: &str) -> Option<Message> {
    let error = record::replace(path, text).err()?;
    Some(Message::Done(Done::Failed(format!("the place in the lesson cannot be kept in {}: {error}", path.display()))))
}

/// `config` as a config file at `path` says it: scripts by their own files instead of the run's copies.
fn with_files(scripts: &[ScriptInForce], path: &Path, config: &Config) -> Config {
    let values = ESTIMATOR_KEYS.iter().filter_map(|key| Some(((*key).to_owned(), config.get(key)?)));
    // Names of files fit wherever names of copies do.
    config.with(&edits_with_files(scripts, path, &values.collect::<Vec<_>>())).unwrap_or_else(|_| config.clone())
}

fn edits_with_files(scripts: &[ScriptInForce], path: &Path, edits: &[(String, Value)]) -> Vec<(String, Value)> {
    let folder = std::path::absolute(path).ok().and_then(|p| p.parent().map(Path::to_owned)).unwrap_or_default();
    let named = |value: &Value| {
        let text = value.as_str()?;
        let name = |script: &ScriptInForce| match script.path.as_ref().and_then(|p| std::path::absolute(p).ok()) {
            Some(file) => file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().into_owned(),
            None => script.asked.clone(),
        };
        Some(scripts.iter().fold(text.to_owned(), |text, script| text.replace(&script.value, &name(script))))
    };
    edits.iter().map(|(key, value)| (key.clone(), named(value).map_or_else(|| value.clone(), Value::from))).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_writes_beside_the_old_run_and_never_into_one() {
        let base = tempfile::tempdir().unwrap();
        let run = base.path().join("2026-11-23-shapes");
        std::fs::create_dir(&run).unwrap();
        let second = sibling(&run).unwrap();
        assert_eq!(second, base.path().join("2026-11-23-shapes-2"));
        std::fs::create_dir(&second).unwrap();
        // The restart of a restart counts on; the date is no counter.
        assert_eq!(sibling(&second).unwrap(), base.path().join("2026-11-23-shapes-3"));
        assert_eq!(sibling(Path::new("")), None);
    }

    #[test]
    fn a_saved_config_reads_back_and_its_own_write_is_no_event() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("new.toml");
        let config = Config::default().with(&[("optim.lr".into(), Value::Float(0.25))]).unwrap();
        let (session, _link) = Session::pair(&config);
        let mut world = World {
            session,
            watch: None,
            scripts: ScriptWatch::default(),
            reader: Reader::default(),
            options: Options::default(),
        };
        let Message::Done(Done::Saved { content, .. }) = world.save(&path, false, &config) else { panic!("not saved") };
        assert_eq!(*content, config);
        // Saving over a file of the user's touches only what differs.
        std::fs::write(base.path().join("own.toml"), "# mine\noptim.lr = 0.5 # fast\n").unwrap();
        let own = base.path().join("own.toml");
        let Message::Done(Done::Failed(text)) = world.save(&own, false, &config) else { panic!("not refused") };
        assert!(text.contains(":w!"), "{text}");
        assert_eq!(std::fs::read_to_string(&own).unwrap(), "# mine\noptim.lr = 0.5 # fast\n");
        assert!(matches!(world.save(&own, true, &config), Message::Done(Done::Saved { .. })));
        assert_eq!(std::fs::read_to_string(&own).unwrap(), "# mine\noptim.lr = 0.25 # fast\n");
        world.save(&path, true, &config);
        let edits = [("optim.batch".to_owned(), Value::Integer(32))];
        assert!(matches!(world.write_back(&config, &edits), Message::Done(Done::WroteBack { .. })));
        assert_eq!(config::load(Some(&path), &[]).unwrap().optim.batch, 32);
        let until = std::time::Instant::now() + std::time::Duration::from_millis(400);
        while std::time::Instant::now() < until {
            assert_eq!(world.watch.as_mut().unwrap().poll(), None);
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}
