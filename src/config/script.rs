//! Estimator scripts as settings name them.

use std::{
    borrow::Cow,
    fs,
    path::{Path, PathBuf},
};

use super::Config;

/// A value of an estimator key with this ending is a script, not a built-in estimator.
pub const SCRIPT_ENDING: &str = ".rhai";
/// The keys that may name one; the last may name several, parted by commas.
pub const ESTIMATOR_KEYS: [&str; 4] =
    ["objective.estimator", "objective.global.estimator", "objective.local.estimator", "gaussian.estimators"];

/// A script that a key of the configuration in force names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptInForce {
    pub key: &'static str,
    /// What the key holds, if it names several.
    pub whole: String,
    /// What the key holds of it: the run's own copy, `scripts/NAME-HASH.rhai`.
    pub value: String,
    /// What was asked for, as the user wrote it.
    pub asked: String,
    /// The file that was read; `None` for a script that comes with the program, and for a run's copy.
    pub path: Option<PathBuf>,
    pub text: String,
}

/// True if this value of an estimator key names a script.
pub fn is_script(value: &str) -> bool {
    value.ends_with(SCRIPT_ENDING)
}

/// A script's name without folder and version: `mine.rhai` for `scripts/mine-0123abcd.rhai`. Other values as they are.
pub fn script_label(value: &str) -> Cow<'_, str> {
    if value.contains(',') && value.contains(SCRIPT_ENDING) {
        return value.split(',').map(|one| script_label(one.trim())).collect::<Vec<_>>().join(", ").into();
    }
    if !is_script(value) {
        return value.into();
    }
    let file = value.rsplit(['/', '\\']).next().unwrap_or(value);
    let of_a_run = value.strip_suffix(file).is_some_and(|folder| folder.trim_end_matches('/').ends_with("scripts"));
    let stem = file.strip_suffix(SCRIPT_ENDING).unwrap_or(file);
    match stem.rsplit_once('-') {
        Some((name, hash)) if of_a_run && hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            format!("{name}{SCRIPT_ENDING}").into()
        }
        _ => file.into(),
    }
}

/// The scripts that lie in these folders, by file name, each once and sorted.
pub fn scripts_in(folders: &[PathBuf]) -> Vec<String> {
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let name = |path: &Path| path.file_name().and_then(|n| n.to_str()).filter(|n| is_script(n)).map(str::to_owned);
    let mut found: Vec<String> = entries.filter_map(|entry| name(&entry.path())).collect();
    found.sort();
    found.dedup();
    found
}

impl Config {
    /// The estimator keys that name scripts: key, what it holds, one script of that.
    pub fn scripts(&self) -> impl Iterator<Item = (&'static str, &str, &str)> {
        let o = &self.objective;
        let values = [&o.estimator, &o.global.estimator, &o.local.estimator, &self.gaussian.estimators];
        ESTIMATOR_KEYS.into_iter().zip(values.map(String::as_str)).flat_map(|(key, whole)| {
            whole.split(',').map(str::trim).filter(|one| is_script(one)).map(move |one| (key, whole, one))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_the_name_without_folder_and_version() {
        for (value, label) in [
            ("jsd", "jsd"),
            ("my.rhai", "my.rhai"),
            ("../some/my.rhai", "my.rhai"),
            ("scripts/my-0a1b2c3d.rhai", "my.rhai"),
            ("scripts/my-own-0a1b2c3d.rhai", "my-own.rhai"),
            // Not a version, or not a run's copy.
            ("scripts/my-own.rhai", "my-own.rhai"),
            ("my-0a1b2c3d.rhai", "my-0a1b2c3d.rhai"),
            ("dv,smile:tau=1", "dv,smile:tau=1"),
            ("dv, scripts/my-0a1b2c3d.rhai", "dv, my.rhai"),
        ] {
            assert_eq!(script_label(value), label, "{value}");
        }
    }

    #[test]
    fn folders_are_searched_for_scripts_only() {
        let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for path in [a.path().join("two.rhai"), a.path().join("notes.md"), b.path().join("one.rhai"), b.path().join("two.rhai")] {
            fs::write(path, "").unwrap();
        }
        let folders = [a.path().to_owned(), b.path().to_owned(), a.path().join("not there")];
        assert_eq!(scripts_in(&folders), ["one.rhai", "two.rhai"]);
    }
}
