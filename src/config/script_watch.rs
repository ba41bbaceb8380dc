//! The scripts in force while they are being edited: a save is a change of estimator, to what the file says now.

use toml::Value;

use super::{Change, ScriptInForce, Source, text_watch::TextWatch};

/// Watches the files of the scripts in force. Never blocks; ask [`ScriptWatch::poll`] from the loop of the front end.
#[derive(Debug, Default)]
pub struct ScriptWatch(Vec<(ScriptInForce, TextWatch)>);

impl ScriptWatch {
    /// Watches the files of these scripts and no others.
    pub fn follow(&mut self, scripts: &[ScriptInForce]) {
        let mut before = std::mem::take(&mut self.0);
        for script in scripts {
            let Some(path) = &script.path else { continue };
            let known = before.iter().position(|(old, _)| (old.key, &old.path) == (script.key, &script.path));
            let watch = match known {
                // It knows the text that was judged last, which a refusal may have kept from being in force.
                Some(at) => Ok(before.swap_remove(at).1),
                None => TextWatch::new(path, Some(script.text.clone())),
            };
            // A path with a script in it has a file name.
            self.0.extend(watch.ok().map(|watch| (script.clone(), watch)));
        }
    }

    /// What has been saved since, as changes that belong together. Whether a text is any good is for the trainer to say.
    pub fn poll(&mut self) -> Vec<Change> {
        let saved = self.0.iter_mut().filter_map(|(script, watch)| watch.poll().map(|_| script.clone()));
        let change = |s: ScriptInForce| Change {
            key: s.key.to_owned(),
            to: Value::from(s.whole.replace(&s.value, &s.asked)),
            from: Value::from(s.whole),
            source: Source::Script,
        };
        saved.map(change).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::Path,
        thread::sleep,
        time::{Duration, Instant},
    };

    use super::*;

    fn script(path: &Path, text: &str) -> ScriptInForce {
        let value = "scripts/my-0a1b2c3d.rhai".to_owned();
        ScriptInForce {
            key: "objective.estimator",
            whole: value.clone(),
            value,
            asked: "my.rhai".into(),
            path: Some(path.into()),
            text: text.into(),
        }
    }

    /// The changes that come within `wait`.
    fn within(watch: &mut ScriptWatch, wait: Duration) -> Vec<Change> {
        let start = Instant::now();
        while start.elapsed() < wait {
            let changes = watch.poll();
            if !changes.is_empty() {
                return changes;
            }
            sleep(Duration::from_millis(5));
        }
        Vec::new()
    }

    #[test]
    fn a_save_asks_for_the_same_file_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my.rhai");
        fs::write(&path, "one").unwrap();
        let mut watch = ScriptWatch::default();
        watch.follow(&[script(&path, "one")]);
        let (quiet, long) = (Duration::from_millis(400), Duration::from_secs(5));
        assert_eq!(within(&mut watch, quiet), [], "what is in force is no news");
        fs::write(&path, "two").unwrap();
        let changes = within(&mut watch, long);
        assert_eq!(changes.len(), 1);
        assert_eq!((changes[0].key.as_str(), &changes[0].to), ("objective.estimator", &Value::from("my.rhai")));
        // Refused: the old one stays in force, and the same text is not asked for again.
        watch.follow(&[script(&path, "one")]);
        assert_eq!(within(&mut watch, quiet), []);
        // Back to what is in force: that too is asked for, so that a refusal is forgotten.
        fs::write(&path, "one").unwrap();
        assert_eq!(within(&mut watch, long).len(), 1);
        watch.follow(&[]);
        fs::write(&path, "three").unwrap();
        assert_eq!(within(&mut watch, quiet), [], "no longer in force");
    }
}
