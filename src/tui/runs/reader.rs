//! Reads run directories for the screen, each question on a thread of its own: a key is answered at once, however many runs there are
//! and however long their files.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
};

use crossbeam_channel::{Receiver, Sender, unbounded};
use time::{OffsetDateTime, macros::format_description};

use super::overlay::{Curves, estimators};
use crate::{
    config::{Config, parse_state},
    record::{
        Brief, JournalKind, JournalRow, ProbeRow, RecordError, RunDir, RunState, StepRow, begun, config_after, each_row,
        find_runs, fork_of, read_rows,
    },
    train::{History, checkpoint},
    tui::recording::mark,
};

/// What the workbench wants to know.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// The runs in these folders but the present one, newest first, then what there is to say of each.
    List { scan: u64, folders: Vec<PathBuf>, present: PathBuf },
    /// The checkpoints of a run.
    Checkpoints(PathBuf),
    /// All curves of a run.
    Curves(PathBuf),
    /// Of the run from whose step the present one was forked, with those of its own past.
    Parent { run: PathBuf, step: u64 },
    /// The same of the run in this directory, if it is a fork.
    ParentOf(PathBuf),
}

/// An answer, or a part of it.
#[derive(Debug, Clone)]
pub enum Found {
    /// Paths, and when they began.
    List {
        scan: u64,
        present: Option<PathBuf>,
        rows: Vec<(PathBuf, String)>,
    },
    /// Of the row at this place in the list.
    Brief {
        scan: u64,
        at: usize,
        brief: Result<Arc<Brief>, String>,
    },
    Checkpoints {
        run: PathBuf,
        rows: Vec<Saved>,
    },
    Curves {
        run: PathBuf,
        curves: Result<Arc<Curves>, String>,
    },
    Parent {
        run: PathBuf,
        step: u64,
        curves: Result<Arc<Curves>, String>,
    },
}

/// A checkpoint of a run.
#[derive(Debug, Clone)]
pub struct Saved {
    pub step: u64,
    pub path: PathBuf,
    /// When it was written, UTC.
    pub written: String,
    pub bytes: u64,
    /// What was in force when it was written, or why it is no good.
    pub config: Result<Arc<Config>, String>,
    /// The newest probe up to its step.
    pub probe: Option<Arc<ProbeRow>>,
}

/// A run's state in a word.
pub fn state_word(state: RunState) -> &'static str {
    match state {
        RunState::Done => "done",
        RunState::Stopped => "stopped",
        RunState::Nonfinite => "non-finite",
        RunState::Running => "running",
        RunState::Killed => "killed",
    }
}

/// Where questions are put and answers come out.
#[derive(Debug)]
pub struct Reader {
    answers: Sender<Found>,
    pub found: Receiver<Found>,
}

impl Default for Reader {
    fn default() -> Self {
        let (answers, found) = unbounded();
        Self { answers, found }
    }
}

impl Reader {
    /// Begins to read.
    ///
    /// # Errors
    /// If the system has no thread for it.
    pub fn ask(&self, ask: Ask) -> std::io::Result<()> {
        let answers = self.answers.clone();
        thread::Builder::new().name("runs".into()).spawn(move || answer(ask, &mut |found| answers.send(found).is_ok()))?;
        Ok(())
    }
}

/// Answers a question, part by part, until `tell` says that nobody listens any more.
pub fn answer(ask: Ask, tell: &mut dyn FnMut(Found) -> bool) {
    match ask {
        Ask::List { scan, folders, present } => list(scan, &folders, &present, tell),
        Ask::Checkpoints(run) => {
            let rows = checkpoints(&run);
            tell(Found::Checkpoints { run, rows });
        }
        Ask::Curves(run) => {
            let curves = curves(&run).map(Arc::new).map_err(|e| e.to_string());
            tell(Found::Curves { run, curves });
        }
        Ask::Parent { run, step } => {
            tell(parent(&run, step));
        }
        Ask::ParentOf(run) => {
            if let Some((run, step)) = origin(&run) {
                tell(parent(&run, step));
            }
        }
    }
}

/// The run that a fork began from, and after which of its steps.
fn origin(run: &Path) -> Option<(PathBuf, u64)> {
    let (checkpoint, step) = fork_of(&read_rows(&run.join("journal.jsonl")).ok()?)?;
    Some((RunDir::of_checkpoint(&checkpoint), step))
}

fn parent(run: &Path, step: u64) -> Found {
    let run = fs::canonicalize(run).unwrap_or_else(|_| run.to_owned());
    let curves = curves_with_past(&run).map(Arc::new).map_err(|e| e.to_string());
    Found::Parent { run, step, curves }
}

fn list(scan: u64, folders: &[PathBuf], present: &Path, tell: &mut dyn FnMut(Found) -> bool) {
    let present = fs::canonicalize(present).ok();
    // A folder that is not there has no runs.
    let folders: BTreeSet<PathBuf> = folders.iter().filter_map(|folder| fs::canonicalize(folder).ok()).collect();
    let paths = folders.iter().flat_map(|folder| find_runs(folder).unwrap_or_default());
    let paths: BTreeSet<PathBuf> = paths.filter_map(|path| fs::canonicalize(path).ok()).collect();
    let others = paths.into_iter().filter(|path| Some(path) != present.as_ref());
    let with_beginning = |path: PathBuf| (path.clone(), begun(&path).unwrap_or_default());
    let mut rows: Vec<(PathBuf, String)> = others.map(with_beginning).collect();
    rows.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| b.cmp(a)));
    let briefs: Vec<PathBuf> = rows.iter().map(|(path, _)| path.clone()).collect();
    if !tell(Found::List { scan, present, rows }) {
        return;
    }
    for (at, path) in briefs.iter().enumerate() {
        let brief = Brief::read(path).map(Arc::new).map_err(|e| e.to_string());
        if !tell(Found::Brief { scan, at, brief }) {
            return;
        }
    }
}

/// The checkpoints of a run, newest first.
fn checkpoints(run: &Path) -> Vec<Saved> {
    // A run without a readable probe has its checkpoints all the same.
    let probes: Vec<ProbeRow> = read_rows(&run.join("probes.jsonl")).unwrap_or_default();
    let probes: Vec<Arc<ProbeRow>> = probes.into_iter().map(Arc::new).collect();
    let stamp = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    let saved = |(step, path): (u64, PathBuf)| {
        let file = fs::metadata(&path).ok();
        let written = file.as_ref().and_then(|f| f.modified().ok()).and_then(|at| OffsetDateTime::from(at).format(&stamp).ok());
        Saved {
            step,
            written: written.unwrap_or_default(),
            bytes: file.map_or(0, |f| f.len()),
            config: checkpoint::header(&path).map(|header| Arc::new(header.config)).map_err(|e| e.to_string()),
            probe: probes.iter().rfind(|probe| probe.step <= step).cloned(),
            path,
        }
    };
    checkpoint::list(&run.join("checkpoints")).into_iter().map(saved).collect()
}

/// More forks of forks than anyone makes; a circle of them ends here.
const ANCESTORS: usize = 32;

/// The curves of a run, before its fork those of the run it was forked from, and so on.
fn curves_with_past(run: &Path) -> Result<Curves, RecordError> {
    let mut past: Vec<(PathBuf, u64)> = Vec::new();
    while let Some(older) = origin(past.last().map_or(run, |(run, _)| run)).filter(|_| past.len() < ANCESTORS) {
        past.push(older);
    }
    let history = History::default();
    for (run, until) in past.iter().rev() {
        // Of a run that is not there any more nothing is shown.
        let _ = each_row(&run.join("metrics.jsonl"), |row: StepRow| {
            if row.step <= *until {
                history.push_step(&row);
            }
        });
        let _ = each_row(&run.join("probes.jsonl"), |row: ProbeRow| {
            if row.step <= *until {
                history.push_probe(&row);
            }
        });
    }
    read_into(run, history)
}

fn curves(run: &Path) -> Result<Curves, RecordError> {
    read_into(run, History::default())
}

/// All rows of a run, one by one: its files may be longer than there is memory for them twice.
fn read_into(run: &Path, history: History) -> Result<Curves, RecordError> {
    let at = |name: &str| run.join(name);
    let failed = |name: &str| {
        let path = at(name);
        move |source| RecordError::Read { path, source }
    };
    let text = fs::read_to_string(at("config.toml")).map_err(failed("config.toml"))?;
    let journal: Vec<JournalRow> = read_rows(&at("journal.jsonl")).map_err(failed("journal.jsonl"))?;
    let config: Config = config_after(&parse_state(&text, &at("config.toml"))?, &journal);
    let mut all = BTreeSet::new();
    each_row(&at("metrics.jsonl"), |row: StepRow| {
        history.push_step(&row);
        let of_row = estimators(&row.estimator);
        if !all.contains(&of_row) {
            all.insert(of_row);
        }
    })
    .map_err(failed("metrics.jsonl"))?;
    each_row(&at("probes.jsonl"), |row: ProbeRow| history.push_probe(&row)).map_err(failed("probes.jsonl"))?;
    for row in journal.iter().filter(|r| r.kind == JournalKind::Change) {
        history.mark(mark(row));
    }
    Ok(Curves { history, config, estimators: all })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
    }

    fn all(ask: Ask) -> Vec<Found> {
        let mut found = Vec::new();
        answer(ask, &mut |part| {
            found.push(part);
            true
        });
        found
    }

    #[test]
    fn runs_are_listed_newest_first_each_once_and_without_the_present_one() {
        let base = tempfile::tempdir().unwrap();
        let begin = |name: &str, time: &str| {
            let path = base.path().join("runs").join(name);
            fs::create_dir_all(&path).unwrap();
            fs::write(path.join("config.toml"), "").unwrap();
            fs::write(path.join("journal.jsonl"), format!("{{\"step\":0,\"time\":\"{time}\",\"kind\":\"start\"}}\n")).unwrap();
            path
        };
        begin("a", "2026-01-02T00:00:00Z");
        let present = begin("b", "2026-01-05T00:00:00Z");
        begin("c", "2026-01-03T00:00:00Z");
        fs::write(base.path().join("runs/c/config.toml"), "nonsense").unwrap();
        let runs = base.path().join("runs");
        let folders = vec![runs.clone(), runs.join("../runs"), base.path().join("none")];
        let found = all(Ask::List { scan: 7, folders, present: present.clone() });
        let Found::List { scan: 7, rows, present: Some(known) } = &found[0] else { panic!("{found:?}") };
        let names: Vec<String> = rows.iter().map(|(path, _)| super::super::name(path)).collect();
        assert_eq!(names, ["c", "a"]);
        assert_eq!(*known, fs::canonicalize(present).unwrap());
        assert!(
            matches!(&found[1], Found::Brief { scan: 7, at: 0, brief: Err(why) } if why.contains("config.toml:1")),
            "{found:?}"
        );
        assert!(matches!(&found[2], Found::Brief { at: 1, brief: Ok(_), .. }));
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn curves_are_those_of_the_files() {
        let found = all(Ask::Curves(fixtures().join("run")));
        let [Found::Curves { curves: Ok(curves), .. }] = &found[..] else { panic!("{found:?}") };
        use crate::train::history::Series;
        assert_eq!(curves.history.len(Series::Loss), 200);
        assert_eq!(curves.history.swaps(), [120, 200, 280], "an estimator, a term and K make another loss");
        assert_eq!(curves.config.local_estimator(), "infonce");
        let of = |global: Option<&str>, local: &str| (global.map(str::to_owned), Some(local.to_owned()));
        assert_eq!(curves.estimators, [of(None, "jsd"), of(None, "infonce"), of(Some("infonce"), "infonce")].into());
        let none = all(Ask::Curves(fixtures().join("none")));
        assert!(matches!(&none[..], [Found::Curves { curves: Err(why), .. }] if why.contains("config.toml")), "{none:?}");
    }

    #[test]
    fn checkpoints_come_with_the_last_probe_before_them() {
        let base = tempfile::tempdir().unwrap();
        fs::create_dir(base.path().join("checkpoints")).unwrap();
        for step in [5, 40, 60] {
            fs::write(base.path().join(format!("checkpoints/step-{step:08}.safetensors")), "12345").unwrap();
        }
        let row = crate::record::recorder_rows::probe_row;
        let probes: String = [10, 40, 50].iter().map(|s| serde_json::to_string(&row(*s)).unwrap() + "\n").collect();
        fs::write(base.path().join("probes.jsonl"), probes).unwrap();
        let found = all(Ask::Checkpoints(base.path().into()));
        let [Found::Checkpoints { rows, .. }] = &found[..] else { panic!("{found:?}") };
        let told: Vec<_> = rows.iter().map(|r| (r.step, r.probe.as_ref().map(|p| p.step), r.bytes)).collect();
        assert_eq!(told, [(60, Some(50), 5), (40, Some(40), 5), (5, None, 5)]);
        assert!(rows[0].written.starts_with("20") && rows[0].written.len() == 20, "{}", rows[0].written);
    }

    #[test]
    fn a_parent_has_the_past_of_its_own_parents() {
        use crate::{
            record::{fork_row, journal_row, recorder_rows},
            train::history::Series,
        };
        let base = tempfile::tempdir().unwrap();
        let run = |name: &str, steps: std::ops::RangeInclusive<u64>, first: JournalRow| {
            let path = base.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("config.toml"), "").unwrap();
            fs::write(path.join("journal.jsonl"), serde_json::to_string(&first).unwrap() + "\n").unwrap();
            let loss = name.len() as f64;
            let rows = steps.map(|s| serde_json::to_string(&recorder_rows::step_row(s, loss)).unwrap() + "\n");
            fs::write(path.join("metrics.jsonl"), rows.collect::<String>()).unwrap();
            path
        };
        let at = |run: &Path, step: u64| run.join(format!("checkpoints/step-{step:08}.safetensors"));
        let a = run("a", 1..=9, journal_row(0, JournalKind::Start));
        let b = run("bb", 4..=9, fork_row(3, &at(&a, 3)));
        let c = run("ccc", 7..=8, fork_row(6, &at(&b, 6)));
        let found = all(Ask::ParentOf(c));
        let [Found::Parent { run, step: 6, curves: Ok(curves) }] = &found[..] else { panic!("{found:?}") };
        assert_eq!(*run, fs::canonicalize(&b).unwrap());
        let points = curves.history.tail(Series::Loss, 0, 99);
        let expected: Vec<(u64, f64)> = (1..=9).map(|s| (s, if s <= 3 { 1.0 } else { 2.0 })).collect();
        assert_eq!(points, expected);
        assert!(all(Ask::ParentOf(a)).is_empty(), "it is no fork");
    }

    #[test]
    fn answers_come_from_another_thread() {
        let reader = Reader::default();
        reader.ask(Ask::Checkpoints(fixtures().join("run"))).unwrap();
        let found = reader.found.recv_timeout(std::time::Duration::from_secs(60)).unwrap();
        assert!(matches!(found, Found::Checkpoints { rows, .. } if rows.is_empty()));
    }
}
