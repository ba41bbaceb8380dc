use super::*;
use crate::{
    config::{Change, parse_text},
    record::journal_row,
};

fn changed(step: u64, key: &str, to: impl Into<toml::Value>, source: Source) -> JournalRow {
    let change = Change { key: key.into(), from: toml::Value::Boolean(false), to: to.into(), source };
    journal_row(step, JournalKind::Change).change(&change)
}

fn written(dir: &Path) -> Config {
    let path = dir.join("replay.toml");
    parse_text(&fs::read_to_string(&path).unwrap(), &path).unwrap()
}

fn planned(at: u64, key: &str, to: impl Into<toml::Value>) -> ScheduleEntry {
    ScheduleEntry { at, attempt: 0, set: [(key.to_owned(), to.into())].into() }
}

#[test]
fn every_change_is_an_entry_and_what_repeats_itself_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { schedule: vec![planned(50, "optim.lr", 0.5)], ..Config::default() };
    let mut replay = Replay::start(dir.path(), &config, 0, 0);
    let both = [changed(10, "objective.estimator", "dv", Source::Key), changed(10, "objective.local.negatives", 3, Source::Key)];
    replay.journal(&both).unwrap();
    for row in [
        changed(10, "objective.estimator", "infonce", Source::Command),
        changed(50, "optim.lr", 0.5, Source::Schedule),
        changed(60, "optim.lr", 0.25, Source::Policy),
        changed(70, "optim.lr", 1.0, Source::Key),
        journal_row(71, JournalKind::Checkpoint),
    ] {
        replay.journal(&[row]).unwrap();
    }
    replay.flush().unwrap();
    let schedule = written(dir.path()).schedule;
    let at: Vec<u64> = schedule.iter().map(|e| e.at).collect();
    assert_eq!(at, [10, 10, 50, 70]);
    assert_eq!(schedule[0].set["objective.estimator"], "dv".into());
    assert_eq!(schedule[0].set["objective.local.negatives"], 3.into());
    assert_eq!(schedule[1].set["objective.estimator"], "infonce".into());
    assert_eq!(schedule[2].set.len(), 1);
    assert_eq!(schedule[3].set["optim.lr"], toml::Value::Float(1.0));
    assert_eq!(Config { schedule: config.schedule.clone(), ..written(dir.path()) }, config, "the rest is the start");
}

/// The batch is halved by hand, so that a planned K does not fit any more: with both in it the replay could not be read.
#[test]
fn a_planned_entry_that_was_refused_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let schedule = vec![planned(20, "objective.local.negatives", 63), planned(20, "optim.lr", 0.5)];
    let config = Config { schedule, ..Config::default() };
    let mut replay = Replay::start(dir.path(), &config, 0, 0);
    replay.journal(&[changed(10, "optim.batch", 32, Source::Key)]).unwrap();
    let refused = JournalRow { kind: JournalKind::Refused, ..changed(20, "objective.local.negatives", 63, Source::Schedule) };
    replay.journal(&[refused]).unwrap();
    replay.flush().unwrap();
    let keys: Vec<String> = written(dir.path()).schedule.into_iter().flat_map(|e| e.set.into_keys()).collect();
    assert_eq!(keys, ["optim.batch", "optim.lr"]);
}

/// Step 40 fails and the run goes back to step 20: a change before the repeated step 30 is not one before the first step 30.
#[test]
fn after_a_rollback_entries_wait_for_it() {
    let dir = tempfile::tempdir().unwrap();
    let schedule = vec![planned(40, "optim.clip_norm", 1.0), planned(50, "objective.local.weight", 2.0)];
    let config = Config { schedule, ..Config::default() };
    fs::write(dir.path().join("config.toml"), config.to_toml()).unwrap();
    let mut replay = Replay::start(dir.path(), &config, 0, 0);
    replay.journal(&[changed(10, "objective.estimator", "dv", Source::Key)]).unwrap();
    replay.journal(&[journal_row(39, JournalKind::Nonfinite)]).unwrap();
    replay.rewind(20).unwrap();
    replay.journal(&[changed(21, "optim.lr", 5e-5, Source::Policy)]).unwrap();
    replay.journal(&[changed(30, "objective.estimator", "infonce", Source::Key)]).unwrap();
    replay.flush().unwrap();
    let entries = |c: &Config| c.schedule.iter().map(|e| (e.attempt, e.at)).collect::<Vec<_>>();
    assert_eq!(entries(&written(dir.path())), [(0, 10), (0, 40), (1, 30), (1, 50)]);

    // Resumed at step 35 of the second attempt: all but the entry of step 50 is behind, and nothing is forgotten.
    let edits = [("objective.estimator", "infonce".into()), ("optim.clip_norm", toml::Value::Float(1.0))];
    let in_force = config.with(&edits.map(|(k, v)| (k.to_owned(), v))).unwrap();
    let replay = Replay::go_on(dir.path(), &in_force, 35, 1).unwrap();
    assert_eq!(entries(&replay.config), [(0, 10), (0, 40), (1, 30), (1, 50)]);
    // Resumed from an older checkpoint, of the first attempt: what came after it is forgotten, what was planned is not.
    let in_force = config.with(&[("objective.estimator".to_owned(), "dv".into())]).unwrap();
    let replay = Replay::go_on(dir.path(), &in_force, 20, 0).unwrap();
    assert_eq!(entries(&replay.config), [(0, 10), (0, 40), (1, 50)]);
}

#[test]
fn resuming_forgets_later_changes_and_tells_of_set_ones() {
    let dir = tempfile::tempdir().unwrap();
    let schedule = vec![ScheduleEntry { at: 500, attempt: 0, set: [("optim.lr".to_owned(), 0.5.into())].into() }];
    let config = Config { schedule, ..Config::default() };
    fs::write(dir.path().join("config.toml"), config.to_toml()).unwrap();
    let mut replay = Replay::start(dir.path(), &config, 0, 0);
    replay.journal(&[changed(10, "objective.estimator", "dv", Source::Key)]).unwrap();
    replay.journal(&[changed(90, "objective.estimator", "infonce", Source::Key)]).unwrap();
    replay.flush().unwrap();

    let mut in_force = config.clone();
    in_force.objective.estimator = "dv".into();
    in_force.objective.local.weight = 2.0;
    in_force.run.threads = 3;
    let mut replay = Replay::go_on(dir.path(), &in_force, 80, 0).unwrap();
    replay.flush().unwrap();
    let now = written(dir.path());
    let at: Vec<u64> = now.schedule.iter().map(|e| e.at).collect();
    assert_eq!(at, [10, 81, 500]);
    assert_eq!(now.schedule[1].set, [("objective.local.weight".to_owned(), 2.0.into())].into());
    assert_eq!(now.run.threads, 3);
}

/// A run that ends at step 80 after swaps there and back saves a checkpoint that has them behind it: critics were reset twice.
#[test]
fn several_swaps_before_the_step_that_follows_a_checkpoint_stay_several() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { schedule: vec![planned(81, "optim.lr", 0.5)], ..Config::default() };
    fs::write(dir.path().join("config.toml"), config.to_toml()).unwrap();
    let mut replay = Replay::start(dir.path(), &config, 0, 0);
    for name in ["dv", "jsd", "infonce", "smile"] {
        replay.journal(&[changed(81, "objective.estimator", name, Source::Key)]).unwrap();
    }
    replay.flush().unwrap();
    let names = |edits: &[(&str, toml::Value)]| {
        let edits: Vec<_> = edits.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
        let replay = Replay::go_on(dir.path(), &config.with(&edits).unwrap(), 80, 0).unwrap();
        let value = |e: &ScheduleEntry| e.set.get("objective.estimator").map(|v| v.as_str().unwrap().to_owned());
        replay.config.schedule.iter().filter_map(value).collect::<Vec<_>>()
    };
    let (lr, estimator) = (("optim.lr", 0.5.into()), |name: &str| ("objective.estimator", name.into()));
    assert_eq!(names(&[lr.clone(), estimator("infonce")]), ["dv", "jsd", "infonce"], "saved before the last");
    assert_eq!(names(&[lr.clone(), estimator("jsd")]), ["dv", "jsd"], "there and back");
    // With something else by --set beside --resume.
    assert_eq!(names(&[lr, estimator("smile"), ("objective.local.weight", 2.0.into())]), ["dv", "jsd", "infonce", "smile"]);
    assert_eq!(names(&[]), [""; 0], "a checkpoint of before all that");
}
