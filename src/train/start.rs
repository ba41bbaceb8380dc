//! How a run begins: untrained, with another run's checkpoint (a fork), or where it was stopped (a resume).
//!
//! A run that was stopped before its first checkpoint begins anew in its own directory.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use toml::Value;

use super::{
    Arena, History, Phase, Scripts,
    checkpoint::{self, CheckpointError, Saved},
    describe,
    fork::Fork,
    job::Job,
    publish::Publisher,
    session::Options,
    trainer::Trainer,
    worker::{Halt, refused},
};
use crate::{
    config::{self, Config, DeviceName},
    data,
    device::{self, Chosen},
    record::{JournalKind, JournalRow, ProbeRow, RecordError, Recorder, RunDir, StepRow, fork_row, journal_row, read_rows},
};

/// Everything a worker needs to go on from here.
pub(super) struct Beginning {
    pub job: Box<dyn Job>,
    pub device: Chosen,
    pub recorder: Recorder,
    /// Steps and rollbacks behind the run's first step; not 0 in a fork.
    pub began: (u64, u64),
    /// It goes on from a checkpoint of its own.
    pub resumed: bool,
    /// Entries of the schedule that are behind.
    pub scheduled: BTreeSet<usize>,
    /// What the journal is to be told.
    pub rows: Vec<JournalRow>,
    /// Checkpoints that could not be used.
    pub faults: Vec<CheckpointError>,
    /// Values asked for beside `--resume` that are still to be put in force.
    pub set: Vec<(String, Value)>,
}

/// Makes or opens the run directory and brings the state to where training goes on.
pub(super) fn begin(config: Config, options: &Options, publisher: &Publisher) -> Result<Beginning, Halt> {
    let device = chosen(&config)?;
    let config = describe::resolved(config, device.name).map_err(refused)?;
    match &options.resume {
        None => anew(config, device, options, publisher, Vec::new()),
        Some(run) => {
            let dir = RunDir::existing(run).map_err(refused)?;
            let set = describe::live(&options.set).map_err(refused)?;
            if !checkpoint::list(&dir.path().join(RunDir::CHECKPOINTS)).is_empty() {
                return go_on(dir, config, device, options, publisher);
            }
            // As it began the first time; what is asked for now comes as a change.
            let path = run.join("config.toml");
            let text =
                std::fs::read_to_string(&path).map_err(|e| refused(RecordError::Read { path: path.clone(), source: e }))?;
            let first = config::parse_state(&text, &path).map_err(refused)?;
            anew(describe::carry_over(&first, &config, &[]).map_err(refused)?, device, options, publisher, set)
        }
    }
}

/// From the run's first step.
fn anew(
    config: Config,
    device: Chosen,
    options: &Options,
    publisher: &Publisher,
    set: Vec<(String, Value)>,
) -> Result<Beginning, Halt> {
    let mut folders = options.script_folders.clone();
    let fork = Fork::find(&config, &folders).map_err(refused)?;
    // The parent's scripts are named by the copies it kept.
    folders.extend(fork.as_ref().map(Fork::run));
    let mut scripts = Scripts::new(folders);
    let config = scripts.pin_config(config).map_err(refused)?;
    let config = fork.as_ref().map_or_else(|| Ok(config.clone()), |fork| fork.settled(config.clone())).map_err(refused)?;
    publisher.config(Arc::new(config.clone()));
    let dir = match (&options.resume, &options.out) {
        (Some(dir), _) => RunDir::existing(dir),
        (None, Some(dir)) => RunDir::exactly(dir),
        (None, None) => RunDir::new_under(&config.run.dir, &config.data.name),
    };
    let dir = dir.and_then(|dir| dir.check_writable().map(|()| dir)).map_err(refused)?;
    let mut job = prepare(&config, &device, scripts, publisher).inspect_err(|_| dir.discard_empty())?;
    if let Some(fork) = &fork {
        fork.take_over(&mut *job).map_err(refused)?;
        fork.keep_in(&dir).map_err(refused)?;
    }
    job.scripts().keep_in(dir.clone()).map_err(refused)?;
    let began = (job.steps_done(), job.attempt());
    let in_force = job.config().clone();
    let mut rows = Vec::new();
    let recorder = match options.resume {
        Some(_) => {
            rows.push(journal_row(began.0, JournalKind::Resumed).reason("stopped before its first checkpoint, it begins anew"));
            Recorder::resume(dir.clone(), &in_force, began.0, began.1)
        }
        None => Recorder::fork(dir.clone(), &in_force, began.0, began.1),
    };
    let told: Vec<JournalRow> = read_rows(&dir.path().join("journal.jsonl")).unwrap_or_default();
    if told.iter().all(|row| row.kind != JournalKind::Start) {
        let start = || journal_row(0, JournalKind::Start);
        rows.insert(0, fork.as_ref().map_or_else(start, |fork| fork_row(began.0, &fork.made_at())));
    }
    let faults = fork.map(|fork| fork.faults).unwrap_or_default();
    let recorder = recorder.map_err(refused)?;
    checkpoint::sweep(&recorder.path().join(RunDir::CHECKPOINTS));
    Ok(Beginning { job, device, recorder, began, resumed: false, scheduled: BTreeSet::new(), rows, faults, set })
}

/// From the newest of the run's own checkpoints that can be used.
fn go_on(dir: RunDir, config: Config, device: Chosen, options: &Options, publisher: &Publisher) -> Result<Beginning, Halt> {
    let mut scripts = Scripts::new(options.script_folders.clone());
    let config = scripts.pin_config(config).map_err(refused)?;
    publisher.config(Arc::new(config.clone()));
    dir.check_writable().map_err(refused)?;
    scripts.keep_in(dir.clone()).map_err(refused)?;
    let checkpoints = dir.path().join(RunDir::CHECKPOINTS);
    let began = match config.start.checkpoint.as_os_str().is_empty() {
        true => (0, 0),
        false => checkpoint::header(&dir.path().join(RunDir::START)).map(|h| (h.step, h.attempt)).map_err(refused)?,
    };
    let mut job = prepare(&config, &device, scripts, publisher)?;
    let files = checkpoint::list(&checkpoints).into_iter().map(|(_, path)| path);
    let now = |in_force: &Config| describe::carry_over(in_force, &config, &options.set);
    let (saved, faults) = put_back(&mut *job, files, now)?;
    let saved = saved.ok_or_else(|| {
        let why = faults.first().map(|e| format!(" ({e})")).unwrap_or_default();
        Halt::Refused(format!("{}: no whole checkpoint to resume from{why}", checkpoints.display()))
    })?;
    let recorder = Recorder::resume(dir, job.config(), job.steps_done(), job.attempt()).map_err(refused)?;
    checkpoint::sweep(&checkpoints);
    let rows = vec![journal_row(job.steps_done(), JournalKind::Resumed)];
    Ok(Beginning { job, device, recorder, began, resumed: true, scheduled: saved.scheduled, rows, faults, set: Vec::new() })
}

/// Puts a job of this run back to the first of these checkpoints that is whole, of this run, and fits, then into the settings that
/// `now` makes of those in force at the checkpoint; and says what was wrong with those before it.
pub(super) fn put_back(
    job: &mut dyn Job,
    files: impl Iterator<Item = PathBuf>,
    now: impl Fn(&Config) -> Result<Config, String>,
) -> Result<(Option<Saved>, Vec<CheckpointError>), Halt> {
    let run = job.config().clone();
    let mut faults = Vec::new();
    for path in files {
        let read = checkpoint::read(&path).and_then(|saved| saved.check_same_run(&run, &path).map(|()| saved));
        let saved = match read {
            Ok(saved) => saved,
            Err(e) => {
                faults.push(e);
                continue;
            }
        };
        let then = job.scripts().pin_config(saved.config.clone()).map_err(refused)?;
        let config = now(&saved.config).and_then(|config| job.scripts().pin_config(config)).map_err(refused)?;
        match job.restore(&saved, Arc::new(then), Arc::new(config)) {
            Ok(()) => return Ok((Some(saved), faults)),
            Err(e) => faults.push(CheckpointError::Foreign { path, reason: e.to_string() }),
        }
    }
    Ok((None, faults))
}

/// The device that `run.device` comes to. Estimators in the arena are small: the CPU is the fastest place for them.
fn chosen(config: &Config) -> Result<Chosen, Halt> {
    let asked =
        config.run.device.parse().map_err(|()| Halt::Refused(format!("run.device names no device: {}", config.run.device)))?;
    if config.has_encoder() {
        return device::choose(asked, config.run.tf32).map_err(refused);
    }
    let cpu = device::choose(DeviceName::Cpu, false).map_err(refused)?;
    Ok(Chosen { reason: "pairs of numbers stay there".into(), ..cpu })
}

/// What the configuration trains, before its first step.
fn prepare(config: &Config, device: &Chosen, scripts: Scripts, publisher: &Publisher) -> Result<Box<dyn Job>, Halt> {
    if !config.has_encoder() {
        return Ok(Box::new(Arena::new(Arc::new(config.clone()), scripts).map_err(refused)?));
    }
    let phase = publisher.clone();
    let request = data::Request {
        dir: &config.data.dir,
        train_limit: config.data.train_limit,
        side: config.data.side,
        seed: config.seed,
        phase: &move |text| phase.phase(Phase::Starting(text)),
    };
    let dataset = Arc::new(data::load(&config.data.name, &request).map_err(refused)?);
    publisher.phase(Phase::Starting("building the networks".into()));
    Ok(Box::new(Trainer::new(Arc::new(config.clone()), scripts, dataset, device.device.clone()).map_err(refused)?))
}

/// What a run has recorded so far.
#[derive(Default)]
pub(super) struct Recalled {
    pub last: Option<StepRow>,
    pub probes: Vec<ProbeRow>,
}

/// On resume: the recorded rows back into the history.
pub(super) fn recall(recorder: &Recorder, history: &History, publisher: &Publisher) -> Result<Recalled, Halt> {
    let steps: Vec<StepRow> = read_rows(&recorder.path().join("metrics.jsonl")).map_err(refused)?;
    let probes: Vec<ProbeRow> = read_rows(&recorder.path().join("probes.jsonl")).map_err(refused)?;
    steps.iter().for_each(|row| history.push_step(row));
    probes.iter().for_each(|row| history.push_probe(row));
    probes.iter().take(1).chain(probes.last()).for_each(|row| publisher.probe(row, None));
    Ok(Recalled { last: steps.into_iter().last(), probes })
}
