//! Scripts are found, tried out, kept and named by what they say.

use std::{fs, path::Path};

use super::*;
use crate::config::Source;

const DV: &str = "fn objective(joint, marginal) { mean(joint) - log_mean_exp(marginal) }";
const JSD: &str = "fn objective(joint, marginal) { -mean(softplus(-joint)) - mean(softplus(marginal)) }";

struct Desk {
    folder: tempfile::TempDir,
    run: tempfile::TempDir,
    scripts: Scripts,
}

impl Desk {
    fn new() -> Self {
        let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut scripts = Scripts::new(vec![folder.path().to_owned()]);
        scripts.keep_in(RunDir::exactly(run.path()).unwrap()).unwrap();
        Self { folder, run, scripts }
    }

    fn save(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn ask(&mut self, asked: &str, in_force: &Config) -> Result<Vec<Change>, String> {
        let key = "objective.estimator".to_owned();
        let change = Change { key, from: "jsd".into(), to: asked.into(), source: Source::Key };
        self.scripts.pin_changes(&[change], in_force)
    }

    /// Puts it in force; the value that names it then.
    fn take(&mut self, asked: &str, config: &mut Config) -> String {
        let changes = self.ask(asked, config).unwrap();
        config.objective.estimator = changes[0].to.as_str().unwrap().to_owned();
        config.objective.estimator.clone()
    }
}

#[test]
fn a_script_in_force_is_named_by_its_copy() {
    let (mut desk, mut config) = (Desk::new(), Config::default());
    desk.save("my.rhai", DV);
    let value = desk.take("my.rhai", &mut config);
    assert!(value.starts_with("scripts/my-") && value.ends_with(".rhai"), "{value}");
    assert_eq!(fs::read_to_string(desk.run.path().join(&value)).unwrap(), DV);
    assert_eq!(desk.scripts.get(&value).unwrap().name(), "my");
    let in_force = desk.scripts.in_force(&config);
    assert_eq!((in_force[0].asked.as_str(), in_force[0].text.as_str()), ("my.rhai", DV));
    assert_eq!(in_force[0].path.as_deref(), Some(desk.folder.path().join("my.rhai").as_path()), "the file to watch");
    // The same text again is no change; another text is another copy.
    assert_eq!(desk.ask("my.rhai", &config).unwrap(), []);
    desk.save("my.rhai", JSD);
    let other = desk.ask("my.rhai", &config).unwrap();
    assert_eq!(other[0].from.as_str(), Some(value.as_str()));
    assert_ne!(other[0].to, other[0].from);
    assert_eq!(fs::read_dir(desk.run.path().join("scripts")).unwrap().count(), 2, "both texts are kept");
}

#[test]
fn a_faulty_script_is_refused_and_its_place_told() {
    let (mut desk, mut config) = (Desk::new(), Config::default());
    desk.save("my.rhai", DV);
    desk.take("my.rhai", &mut config);
    desk.save("my.rhai", "fn objective(joint, marginal) {\n  meen(joint)\n}");
    let reason = desk.ask("my.rhai", &config).unwrap_err();
    assert!(reason.starts_with("my.rhai:2:3: ") && reason.contains("mean"), "{reason}");
    assert!(desk.scripts.get(&config.objective.estimator).is_some(), "the last good one stays");
    assert!(desk.ask("none.rhai", &config).unwrap_err().contains("dv-copy.rhai"));
    desk.save("jsd.rhai", DV);
    assert!(desk.ask("jsd.rhai", &config).unwrap_err().contains("name of its own"));
}

/// A replay and a resumed run name the copies of the run: they go by the same name there, and have the same estimator.
#[test]
fn a_copy_keeps_its_name() {
    let (mut desk, mut config) = (Desk::new(), Config::default());
    desk.save("my.rhai", DV);
    let value = desk.take("my.rhai", &mut config);
    let mut replay = Scripts::new(vec![desk.run.path().to_owned()]);
    let pinned = replay.pin_config(config.clone()).unwrap();
    assert_eq!(pinned, config);
    assert_eq!(replay.get(&value).unwrap().name(), "my");
    assert_eq!(replay.in_force(&pinned)[0].path, None, "a copy is not watched");
}

#[test]
fn a_planned_script_is_tried_at_the_start() {
    let mut desk = Desk::new();
    desk.save("my.rhai", DV);
    let plan = |name: &str| {
        let text = format!("[[schedule]]\nat = 3\nset = {{ \"objective.local.estimator\" = \"{name}\" }}\n");
        crate::config::parse_text(&text, Path::new("plan.toml")).unwrap()
    };
    let pinned = desk.scripts.pin_config(plan("my.rhai")).unwrap();
    assert!(pinned.schedule[0].set["objective.local.estimator"].as_str().unwrap().starts_with("scripts/my-"));
    let error = desk.scripts.pin_config(plan("other.rhai")).unwrap_err();
    assert!(error.starts_with("schedule entry at = 3, objective.local.estimator: "), "{error}");
}

#[test]
fn those_that_come_with_the_program_need_no_file() {
    let (mut desk, mut config) = (Desk::new(), Config::default());
    for name in crate::config::SCRIPTS {
        let value = desk.take(name, &mut config);
        assert_eq!(format!("{}.rhai", desk.scripts.get(&value).unwrap().name()), *name);
        assert_eq!(desk.scripts.in_force(&config)[0].path, None);
    }
    let mut shipped = script::shipped().map(|(name, _)| format!("{name}.rhai"));
    let mut named = crate::config::SCRIPTS.to_vec();
    shipped.sort();
    named.sort_unstable();
    assert_eq!(shipped.to_vec(), named, "the config names all there are");
    // A file of the same name goes first.
    desk.save("dv-copy.rhai", JSD);
    let value = desk.take("dv-copy.rhai", &mut config);
    assert_eq!(fs::read_to_string(desk.run.path().join(value)).unwrap(), JSD);
}
