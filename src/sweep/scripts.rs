//! Estimator scripts of a sweep: named by their place on the disk, since the runs' configs lie in another folder.

use std::path::Path;

use toml::Value;

use crate::config::{Config, ESTIMATOR_KEYS, is_script};

/// `config` with every script that lies in `folder` (the sweep's config file's) named by its absolute path.
pub fn with_scripts_of(folder: &Path, mut config: Config) -> Config {
    let o = &mut config.objective;
    for value in [&mut o.estimator, &mut o.global.estimator, &mut o.local.estimator, &mut config.gaussian.estimators] {
        *value = placed(folder, value);
    }
    let is_estimator = |key: &str| ESTIMATOR_KEYS.contains(&key);
    for (_, value) in config.schedule.iter_mut().flat_map(|entry| &mut entry.set).filter(|(key, _)| is_estimator(key)) {
        place(folder, value);
    }
    if let Some(sweep) = &mut config.sweep {
        for (_, values) in sweep.grid.iter_mut().filter(|(key, _)| is_estimator(key)) {
            values.iter_mut().for_each(|value| place(folder, value));
        }
        for (_, value) in sweep.list.iter_mut().flatten().filter(|(key, _)| is_estimator(key)) {
            place(folder, value);
        }
    }
    config
}

fn place(folder: &Path, value: &mut Value) {
    if let Value::String(text) = value {
        *text = placed(folder, text);
    }
}

/// Each script of a list, parted by commas; what else is in it stays as it is.
fn placed(folder: &Path, text: &str) -> String {
    let one = |name: &str| {
        let file = folder.join(name);
        let found = is_script(name) && Path::new(name).is_relative() && file.is_file();
        let absolute = found.then(|| std::path::absolute(&file).ok()).flatten();
        absolute.and_then(|path| path.to_str().map(str::to_owned)).unwrap_or_else(|| name.to_owned())
    };
    if text.contains(".rhai") {
        text.split(',').map(|name| one(name.trim())).collect::<Vec<_>>().join(", ")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_text;

    #[test]
    fn scripts_beside_the_config_get_their_place() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine.rhai"), "").unwrap();
        let text = "objective.estimator = \"mine.rhai\"\n\
            gaussian.estimators = \"dv, mine.rhai\"\n\
            [[schedule]]\nat = 2\nset = { \"objective.local.estimator\" = \"mine.rhai\" }\n\
            [sweep]\ngrid = { \"objective.global.estimator\" = [\"dv\", \"mine.rhai\", \"robust-dv.rhai\"] }\n\
            list = [{ \"objective.local.estimator\" = \"mine.rhai\" }, { \"optim.lr\" = 0.5 }]\n";
        let config = parse_text(text, "a.toml".as_ref()).unwrap();
        let placed = with_scripts_of(folder.path(), config.clone());
        let file = folder.path().join("mine.rhai").display().to_string();
        assert_eq!((&placed.objective.estimator, &placed.gaussian.estimators), (&file, &format!("dv, {file}")));
        assert_eq!(placed.schedule[0].set["objective.local.estimator"].as_str(), Some(file.as_str()));
        let sweep = placed.sweep.unwrap();
        let names: Vec<&str> = sweep.grid["objective.global.estimator"].iter().filter_map(Value::as_str).collect();
        assert_eq!(names, ["dv", file.as_str(), "robust-dv.rhai"], "what comes with the program is no file here");
        assert_eq!(sweep.list[0]["objective.local.estimator"].as_str(), Some(file.as_str()));
        assert_eq!(with_scripts_of(Path::new("/nowhere"), config.clone()), config);
    }
}
