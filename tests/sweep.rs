//! Sweeps from outside: which runs they are, what is refused, and that none is lost however it is interrupted or shared out.

mod common;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use common::{BINARY, Screen, TINY, journal_row, rows, timeless};
use dim_tui::{
    config::{Config, EvalPart, load, parse_text},
    measure::Section,
    record::{SavedRun, find_runs},
    sweep::table,
};
use serde_json::Value;

fn config(text: &str) -> Config {
    parse_text(text, Path::new("a.toml")).unwrap_or_else(|e| panic!("{e}"))
}

/// The points of a sweep as `KEY=VALUE` texts, seed last.
fn points(text: &str) -> Vec<String> {
    let sweep = config(text).sweep.unwrap();
    let said = |point: &dim_tui::config::SweepPoint| {
        let mut parts: Vec<String> = point.edits.iter().map(|(key, value)| format!("{key}={value}")).collect();
        parts.extend(point.seed.map(|seed| format!("seed={seed}")));
        parts.join(" ")
    };
    sweep.points().iter().map(said).collect()
}

#[test]
fn a_grid_is_every_combination_and_seeds_move_fastest() {
    let text = "[sweep]\nseeds = [5, 2]\n[sweep.grid]\noptim.lr = [0.1, 0.2]\n\"objective.estimator\" = [\"jsd\", \"gan2.rhai\"]";
    let expected = [
        "objective.estimator=\"jsd\" optim.lr=0.1 seed=5",
        "objective.estimator=\"jsd\" optim.lr=0.1 seed=2",
        "objective.estimator=\"jsd\" optim.lr=0.2 seed=5",
        "objective.estimator=\"jsd\" optim.lr=0.2 seed=2",
        "objective.estimator=\"gan2.rhai\" optim.lr=0.1 seed=5",
        "objective.estimator=\"gan2.rhai\" optim.lr=0.1 seed=2",
        "objective.estimator=\"gan2.rhai\" optim.lr=0.2 seed=5",
        "objective.estimator=\"gan2.rhai\" optim.lr=0.2 seed=2",
    ];
    assert_eq!(points(text), expected);
    let names = config(text).sweep.unwrap().names();
    assert_eq!((names[0].as_str(), names.len()), ("001-estimator-jsd-lr-0.1-seed-5", 8));
    assert_eq!(names[7], "008-estimator-gan2.rhai-lr-0.2-seed-2");
}

#[test]
fn a_list_is_crossed_with_the_grid_and_without_seeds_the_config_has_its_own() {
    let text = "seed = 9\n[sweep]\nlist = [{ \"optim.lr\" = 1, \"optim.batch\" = 32 }, { critic.norm = \"layer\" }]\n\
                grid = { \"objective.local.weight\" = [0.5, 1], \"objective.global.weight\" = [2] }";
    let expected = [
        "objective.global.weight=2.0 objective.local.weight=0.5 optim.lr=1.0 optim.batch=32",
        "objective.global.weight=2.0 objective.local.weight=1.0 optim.lr=1.0 optim.batch=32",
        "critic.norm=\"layer\" objective.global.weight=2.0 objective.local.weight=0.5",
        "critic.norm=\"layer\" objective.global.weight=2.0 objective.local.weight=1.0",
    ];
    assert_eq!(points(text), expected);
    let config = config(text);
    let sweep = config.sweep.as_ref().unwrap();
    assert_eq!(sweep.names()[0], "001-global.weight-2.0-local.weight-0.5-lr-1.0-batch-32");
    let run = config.at_point(&sweep.points()[2]).unwrap();
    assert_eq!((run.seed, run.optim.lr, run.sweep.as_ref()), (9, Config::default().optim.lr, None));
    assert_eq!(points("[sweep]"), [""], "one run: the config itself");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = "[sweep]\nseeds = [0, -1]\n[sweep.grid]\noptim.lrr = [1]\noptim.steps = [\"x\"]\ndata.dir = [\"y\"]\n";
    let error = parse_text(text, Path::new("a.toml")).unwrap_err().to_string();
    for part in
        ["a.toml:2:13: sweep.seeds", "a.toml:4:7: unknown key 'optim.lrr'", "a.toml:5:16: optim.steps", "a.toml:6:6: 'data.dir'"]
    {
        assert!(error.contains(part), "{part} is not in\n{error}");
    }
    let text = "[sweep.grid]\noptim.batch = [16, 64, 8]\nobjective.local.negatives = [3, 31]\n";
    let error = parse_text(text, Path::new("a.toml")).unwrap_err().to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 2, "{error}");
    assert!(lines.iter().all(|line| line.starts_with("a.toml:3:33: ")), "{error}");
    assert!(lines[0].contains("optim.batch = 16") && lines[1].contains("optim.batch = 8"), "{error}");
    // A schedule that one point cannot follow.
    let text = "objective.local.negatives = 3\n[[schedule]]\nat = 2\nset = { \"objective.local.negatives\" = 31 }\n[sweep.grid]\noptim.batch = [16]\n";
    let error = parse_text(text, Path::new("a.toml")).unwrap_err().to_string();
    assert!(error.contains("optim.batch = 16") && error.contains("cannot be followed at step 2"), "{error}");
}

#[test]
fn flags_reach_into_a_sweep() {
    let sets = ["sweep.seeds=[4]", "sweep.grid.optim.lr=[0.5]", "sweep.eval=[\"code\"]"].map(str::to_owned);
    let sweep = load(None, &sets).unwrap().sweep.unwrap();
    assert_eq!((sweep.seeds.as_slice(), sweep.eval.as_slice(), sweep.points().len()), (&[4][..], &[EvalPart::Code][..], 1));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.toml");
    fs::write(&file, "[sweep]\nseeds = [1, 2]\ngrid = { \"objective.local.negatives\" = [3, 63] }").unwrap();
    let sweep = load(Some(&file), &["sweep.grid.optim.lr=[0.5, 0.25]".into()]).unwrap().sweep.unwrap();
    assert_eq!((sweep.points().len(), sweep.grid.len()), (8, 2), "the rest of the file's sweep stays");
    // In a running job there is none to set.
    let error = Config::default().with(&[("sweep.seeds".into(), vec![1].into())]).unwrap_err().to_string();
    assert!(error.contains("for --batch"), "{error}");
    // A flag that one of the file's points does not go with.
    let error = load(Some(&file), &["optim.batch=32".into()]).unwrap_err().to_string();
    assert!(error.contains("at the point objective.local.negatives = 63"), "{error}");
}

#[test]
fn the_parts_of_eval_are_those_of_eval() {
    assert_eq!(EvalPart::NAMES, Section::ALL.map(Section::name));
    assert_eq!(EvalPart::ALL.map(EvalPart::name), EvalPart::NAMES);
}

// ---- real ones ----

/// Two by two runs of this many steps.
fn tiny(steps: u32, probe: u32) -> String {
    let lines = TINY.iter().filter(|set| !set.starts_with("probe.every")).map(|set| set.replace('=', " = ") + "\n");
    let mut text: String = lines.collect();
    text += &format!("optim.steps = {steps}\nprobe.every = {probe}\ncheckpoint.every = 0\n");
    text + "[sweep]\nseeds = [0, 1]\ngrid = { \"objective.local.negatives\" = [1, 15] }\n"
}

fn sweep_command(config: &Path, out: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(["--batch", "--threads", "2", "--config"]).arg(config).arg("--out").arg(out).args(more);
    command
}

fn done(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Every run's rows, without what depends on time.
fn all_rows(dir: &Path) -> BTreeMap<String, [Vec<Value>; 2]> {
    let runs = find_runs(dir).unwrap();
    let name = |run: &Path| run.file_name().unwrap().to_string_lossy().into_owned();
    runs.iter().map(|run| (name(run), ["metrics.jsonl", "probes.jsonl"].map(|file| timeless(&run.join(file))))).collect()
}

fn csv(dir: &Path) -> String {
    fs::read_to_string(dir.join("table.csv")).unwrap()
}

/// Waits until the run has a probe of a step above 0, then sends the signal to `child`.
fn interrupt(child: &mut Child, run: &Path, signal: &str) -> Option<i32> {
    let end = Instant::now() + Duration::from_secs(60);
    while rows_so_far(&run.join("probes.jsonl")) < 2 {
        assert!(Instant::now() < end, "{} does not get on", run.display());
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
    child.wait().unwrap().code()
}

fn rows_so_far(file: &Path) -> usize {
    fs::read_to_string(file).unwrap_or_default().matches('\n').count()
}

#[test]
fn a_sweep_that_was_killed_twice_ends_as_if_it_had_not_been() {
    let dir = tempfile::tempdir().unwrap();
    let (file, straight, killed) = (dir.path().join("my.toml"), dir.path().join("straight"), dir.path().join("killed"));
    fs::write(&file, tiny(600, 100)).unwrap();
    let said = done(&sweep_command(&file, &straight, &["--jobs", "2"]).output().unwrap());
    assert!(said.contains("4 of 4: ") && said.contains("| objective.local.negatives | n |"), "{said}");
    let names = ["001-negatives-1-seed-0", "002-negatives-1-seed-1", "003-negatives-15-seed-0", "004-negatives-15-seed-1"];
    assert_eq!(all_rows(&straight).into_keys().collect::<Vec<_>>(), names);
    let run = SavedRun::open(&straight.join(names[2])).unwrap();
    assert_eq!((run.config.run.threads, run.config.seed, run.config.sweep), (1, 0, None), "the threads are shared out");

    let begin = || sweep_command(&file, &killed, &["--jobs", "2"]).stdout(Stdio::null()).spawn().unwrap();
    // Ctrl-C: the runs under way write their checkpoints.
    assert_eq!(interrupt(&mut begin(), &killed.join(names[0]), "-INT"), Some(128 + 2));
    let halted = rows(&killed.join(names[0]).join("journal.jsonl"));
    assert_eq!(halted.last().unwrap()["kind"], "end");
    assert!(killed.join(names[0]).join("checkpoints").read_dir().unwrap().count() > 0);
    // The plug: they notice that nobody leads them any more, and write them too.
    assert_eq!(interrupt(&mut begin(), &killed.join(names[2]), "-KILL"), None);
    let said =
        done(&Command::new(BINARY).args(["--batch", "--threads", "2", "--jobs", "2", "--resume"]).arg(&killed).output().unwrap());
    assert!(said.contains(" runs are done already"), "{said}");
    let journal = rows(&killed.join(names[0]).join("journal.jsonl"));
    assert!(journal.iter().any(|row| row["kind"] == "resumed"), "it went on from its checkpoint");
    assert_eq!(all_rows(&killed), all_rows(&straight));
    assert_eq!(csv(&killed), csv(&straight));

    // Once more: nothing is left to do.
    let said = done(&sweep_command(&file, &killed, &[]).output().unwrap());
    assert!(said.contains("4 of 4 runs are done already") && !said.contains("begins") && !said.contains("goes on"), "{said}");
}

/// The Slurm script of the README.
fn slurm_script(dir: &Path) -> PathBuf {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks = readme.split("```bash\n").skip(1).filter_map(|rest| rest.split("```").next());
    let script = blocks.into_iter().find(|block| block.contains("SLURM_ARRAY_TASK_ID")).expect("a script for Slurm");
    let path = dir.join("sweep.sh");
    fs::write(&path, script).unwrap();
    path
}

#[test]
fn shards_together_are_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("my.toml"), tiny(20, 10)).unwrap();
    done(&sweep_command(&at("my.toml"), &at("whole"), &["--jobs", "2"]).output().unwrap());
    for (shard, out) in [("1/2", "one"), ("2/2", "two")] {
        done(&sweep_command(&at("my.toml"), &at(out), &["--jobs", "2", "--shard", shard]).output().unwrap());
        assert_eq!(find_runs(&at(out)).unwrap().len(), 2);
    }
    let both = [at("two"), at("one")].iter().flat_map(|dir| find_runs(dir).unwrap()).collect::<Vec<_>>();
    let both: Vec<SavedRun> = both.iter().map(|run| SavedRun::open(run).unwrap()).collect();
    assert_eq!(table(&both).csv(), csv(&at("whole")));

    // As Slurm would, all tasks at once in one folder.
    let script = slurm_script(dir.path());
    std::os::unix::fs::symlink(BINARY, at("dim-tui")).unwrap();
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    let task = |id: u32| {
        let mut command = Command::new("bash");
        command.arg(&script).arg(at("my.toml")).arg(at("slurm")).env("PATH", &path).stdout(Stdio::null());
        let own = [("SLURM_ARRAY_TASK_ID", id), ("SLURM_ARRAY_TASK_COUNT", 3), ("SLURM_CPUS_PER_TASK", 1)];
        command.envs(own.map(|(name, value)| (name, value.to_string()))).spawn().unwrap()
    };
    let mut tasks: Vec<Child> = (1..=3).map(task).collect();
    assert!(tasks.iter_mut().all(|task| task.wait().unwrap().success()));
    assert_eq!(all_rows(&at("slurm")), all_rows(&at("whole")));
    assert_eq!(csv(&at("slurm")), csv(&at("whole")));
}

#[test]
fn a_run_that_fails_stops_no_other_and_eval_measures_those_that_are_done() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = (dir.path().join("my.toml"), dir.path().join("sweep"));
    let base = tiny(4, 0).split("[sweep]").next().unwrap().to_owned();
    fs::write(&file, base + "[sweep]\neval = [\"code\"]\ngrid = { \"optim.lr\" = [1e30, 1e-3] }\n").unwrap();
    let output = sweep_command(&file, &out, &[]).output().unwrap();
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}\n{error}");
    assert!(error.contains("warning: 001-lr-1e30: ") && error.contains("at step"), "{error}");
    assert!(error.ends_with("error: 1 of 2 runs failed\n"), "{error}");
    assert!(!out.join("001-lr-1e30/eval.json").exists());
    let run = SavedRun::open(&out.join("002-lr-0.001")).unwrap();
    assert_eq!(run.eval.as_ref().unwrap()["step"], 4);
    let lines = csv(&out);
    let rank = lines.lines().next().unwrap().split(',').position(|name| name == "rank_me").expect("a column");
    let row = lines.lines().find(|line| line.starts_with("0.001,")).unwrap();
    assert_eq!(
        row.split(',').nth(rank).unwrap().parse::<f64>().unwrap(),
        run.eval.unwrap()["code"][0]["rank_me"].as_f64().unwrap()
    );

    // Only what is missing is done again.
    fs::remove_file(out.join("002-lr-0.001/eval.json")).unwrap();
    let said = String::from_utf8(sweep_command(&file, &out, &[]).output().unwrap().stdout).unwrap();
    assert!(said.contains("002-lr-0.001 goes on") && out.join("002-lr-0.001/eval.json").exists(), "{said}");
    assert!(!rows(&out.join("002-lr-0.001/journal.jsonl")).iter().any(|row| row["kind"] == "resumed"));
}

#[test]
fn what_cannot_be_run_is_refused_with_2() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("my.toml");
    fs::write(&file, tiny(2, 0)).unwrap();
    let refused = |args: &[&str], expected: &str| {
        let output = Command::new(BINARY).args(args).current_dir(dir.path()).stdin(Stdio::null()).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        assert!(error.starts_with("error: ") && error.contains(expected), "{args:?}: {error}");
    };
    refused(&["--batch", "--jobs", "2", "--out", "a"], "--jobs is for sweeps: this config has no [sweep]");
    refused(&["--config", "my.toml", "--shard", "1/2"], "--shard is for sweeps: sweeps run under --batch");
    refused(&["--batch", "--config", "my.toml", "--set", "optim.batch=8"], "at the point objective.local.negatives = 15");
    fs::create_dir(dir.path().join("full")).unwrap();
    fs::write(dir.path().join("full/notes"), "").unwrap();
    refused(&["--batch", "--config", "my.toml", "--out", "full"], "full is not empty and holds no sweep");
    let mut nothing = Command::new(BINARY);
    nothing.args(["--batch", "--config", "my.toml", "--out", "b", "--shard", "9/9"]).current_dir(dir.path());
    done(&nothing.output().unwrap());
    refused(&["--batch", "--config", "my.toml", "--out", "b", "--set", "optim.steps=3"], "optim.steps is 2 there and 3 here");
    refused(&["--batch", "--config", "my.toml", "--out", "b", "--set", "sweep.seeds=[0]"], "sweep.seeds is another there");
    refused(&["--resume", "b"], "b is a sweep: it goes on with --batch");
}

#[test]
fn the_workbench_trains_the_config_without_its_sweep_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("my.toml");
    fs::write(&file, tiny(10, 0)).unwrap();
    let args = ["--threads", "1", "--out", "run", "--config", file.to_str().unwrap()].map(str::to_owned);
    let mut screen = Screen::open(160, 40, dir.path(), &args);
    screen.shows("[sweep] of this config (4 runs) is for --batch");
    journal_row(&dir.path().join("run"), "a checkpoint at the end", |row| row["kind"] == "checkpoint");
    screen.signal("-TERM");
    assert_eq!(screen.exit_code(), 128 + 15);
    let run = SavedRun::open(&dir.path().join("run")).unwrap();
    assert_eq!((run.last_step(), run.config.seed, run.config.sweep), (10, 0, None));
}

/// What the README shows is a sweep.
#[test]
fn the_readmes_sweep_is_one() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks = readme.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let text = blocks.into_iter().find(|block| block.contains("[sweep]")).expect("a sweep in the README");
    assert_eq!(points(text).len(), 54);
}

/// The figures' configs stay as small as they say.
#[test]
fn the_shipped_sweeps_have_as_many_runs_as_they_say() {
    for (name, runs) in [("negatives", 72), ("weights", 32)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("configs/sweep-{name}.toml"));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(&format!("\n# {runs} runs")), "{name}");
        assert_eq!(load(Some(&path), &[]).unwrap().sweep.unwrap().points().len(), runs);
    }
}
