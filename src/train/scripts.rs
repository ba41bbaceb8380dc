//! The estimator scripts of a run: found, tried out, and kept as copies in the run directory.
//!
//! The configuration in force names a script by its copy, `scripts/NAME-HASH.rhai`: what was asked for, with the text it had
//! then. So the journal says which text was in force when, and a replay needs nothing but the run directory.

use std::{collections::BTreeMap, path::PathBuf};

use dim_estimators::{Script, script};

use crate::{
    config::{Change, Config, ESTIMATOR_KEYS, ScriptInForce, is_script},
    record::RunDir,
};

/// Every script that the run has named so far.
#[derive(Debug, Clone, Default)]
pub struct Scripts {
    /// Where a relative path is looked for, in this order.
    folders: Vec<PathBuf>,
    run: Option<RunDir>,
    /// By the copy's name in the run directory.
    known: BTreeMap<String, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    script: Script,
    asked: String,
    path: Option<PathBuf>,
}

impl Scripts {
    /// Scripts are looked for in these folders, then among those that come with the program.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders, ..Self::default() }
    }

    /// The script that a configuration in force names.
    pub fn get(&self, value: &str) -> Option<&Script> {
        self.known.get(value).map(|known| &known.script)
    }

    /// What `config`, which is in force, names.
    pub fn in_force(&self, config: &Config) -> Vec<ScriptInForce> {
        let found = config.scripts().filter_map(|(key, whole, value)| Some((key, whole, value, self.known.get(value)?)));
        let all = found.map(|(key, whole, value, known)| ScriptInForce {
            key,
            whole: whole.to_owned(),
            value: value.to_owned(),
            asked: known.asked.clone(),
            path: known.path.clone(),
            text: known.script.source().to_owned(),
        });
        all.collect()
    }

    /// Keeps copies in this run directory, of the scripts named so far and of each that will be.
    ///
    /// # Errors
    /// If one cannot be written.
    pub fn keep_in(&mut self, run: RunDir) -> Result<(), String> {
        self.known.values().try_for_each(|known| keep(&run, &known.script))?;
        self.run = Some(run);
        Ok(())
    }

    /// `config` with the copies' names in place of what was asked for, in the schedule too.
    ///
    /// # Errors
    /// What is wrong with a script, after the key that names it.
    pub fn pin_config(&mut self, mut config: Config) -> Result<Config, String> {
        let o = &mut config.objective;
        let values = [&mut o.estimator, &mut o.global.estimator, &mut o.local.estimator, &mut config.gaussian.estimators];
        for (key, value) in ESTIMATOR_KEYS.into_iter().zip(values).filter(|(_, value)| names_script(value)) {
            *value = self.pin_all(value).map_err(|e| format!("{key}: {e}"))?;
        }
        for entry in &mut config.schedule {
            let at = entry.at;
            for (key, value) in entry.set.iter_mut().filter(|(key, _)| ESTIMATOR_KEYS.contains(&key.as_str())) {
                if let Some(asked) = value.as_str().filter(|v| names_script(v)) {
                    *value = self.pin_all(asked).map_err(|e| format!("schedule entry at = {at}, {key}: {e}"))?.into();
                }
            }
        }
        Ok(config)
    }

    /// `changes` likewise, each from what `in_force` says. A script whose text is in force already is no change.
    ///
    /// # Errors
    /// What is wrong with a script.
    pub fn pin_changes(&mut self, changes: &[Change], in_force: &Config) -> Result<Vec<Change>, String> {
        let mut pinned = Vec::with_capacity(changes.len());
        for change in changes {
            let asked = change.to.as_str().filter(|to| names_script(to) && ESTIMATOR_KEYS.contains(&change.key.as_str()));
            let Some(asked) = asked else {
                pinned.push(change.clone());
                continue;
            };
            let to = toml::Value::from(self.pin_all(asked)?);
            let from = in_force.get(&change.key).unwrap_or_else(|| change.from.clone());
            if from != to {
                pinned.push(Change { from, to, ..change.clone() });
            }
        }
        Ok(pinned)
    }

    /// Each script of a list, and what else is in it as it is.
    fn pin_all(&mut self, asked: &str) -> Result<String, String> {
        let mut pinned = Vec::new();
        for one in asked.split(',').map(str::trim) {
            pinned.push(if is_script(one) { self.pin(one)? } else { one.to_owned() });
        }
        Ok(pinned.join(", "))
    }

    /// Reads what was asked for, tries it out and keeps a copy; the copy's name.
    fn pin(&mut self, asked: &str) -> Result<String, String> {
        if self.known.contains_key(asked) {
            return Ok(asked.to_owned());
        }
        let (script, path) = self.find(asked)?;
        if let Some(run) = &self.run {
            keep(run, &script)?;
        }
        let value = format!("{}/{}", RunDir::SCRIPTS, script.file_name());
        // The run's own copy does not change any more.
        let path = path.filter(|_| script.file_name() != file_name(asked));
        self.known.insert(value.clone(), Known { script, asked: asked.to_owned(), path });
        Ok(value)
    }

    fn find(&self, asked: &str) -> Result<(Script, Option<PathBuf>), String> {
        // An absolute path stays what it is when it is joined to a folder.
        let mut places = self.folders.iter().map(|folder| folder.join(asked)).chain([PathBuf::from(asked)]);
        if let Some(path) = places.find(|path| path.is_file()) {
            let script = Script::load(&path).map_err(|e| e.to_string())?;
            return Ok((without_version(script), Some(path)));
        }
        let shipped = script::shipped().into_iter().find(|(name, _)| asked.strip_suffix(".rhai") == Some(name));
        let (name, text) = shipped.ok_or_else(|| self.missing(asked))?;
        Ok((Script::from_source(name, text).map_err(|e| e.to_string())?, None))
    }

    fn missing(&self, asked: &str) -> String {
        let folders = self.folders.iter().map(|f| match f.to_string_lossy() {
            here if here.is_empty() => "this folder".into(),
            there => there.into_owned(),
        });
        let shipped = script::shipped().map(|(name, _)| format!("{name}.rhai"));
        format!(
            "there is no script '{asked}' in {}, and with the program come {}",
            folders.collect::<Vec<_>>().join(", "),
            shipped.join(", ")
        )
    }
}

fn names_script(value: &str) -> bool {
    value.split(',').any(|one| is_script(one.trim()))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// A run's copy under the name it was a copy of.
fn without_version(script: Script) -> Script {
    let Some(name) = script.name().strip_suffix(&format!("-{}", script.hash())) else { return script };
    // The same text under the name it had before, when it was good.
    Script::from_source(name, script.source()).unwrap_or(script)
}

fn keep(run: &RunDir, script: &Script) -> Result<(), String> {
    run.keep_script(&script.file_name(), script.source()).map_err(|e| format!("no copy of the script can be kept: {e}"))
}

#[cfg(test)]
#[path = "scripts_tests.rs"]
mod tests;
