//! Runs one point after the other, or several side by side, until all have ended or a signal comes.

use std::{
    collections::{BTreeMap, VecDeque},
    thread,
    time::{Duration, Instant},
};

use super::{
    Asked, SweepError,
    child::{Active, Begun, Ended},
    folder::{Folder, State},
    progress::{Progress, error, line, warning},
    table::table,
};
use crate::{
    batch::Signals,
    config::{Config, SweepPoint},
    record::SavedRun,
};

/// How often processes and signals are looked at.
const POLL: Duration = Duration::from_millis(50);
/// How often a run that another process has is asked for.
const RETRY: Duration = Duration::from_secs(1);

/// What all of the sweep's runs are.
pub(super) struct Plan {
    pub names: Vec<String>,
    pub points: Vec<SweepPoint>,
}

pub(super) struct Runner<'a> {
    asked: &'a Asked,
    folder: &'a Folder,
    plan: &'a Plan,
    progress: Progress,
    /// Indices of runs to come.
    waiting: VecDeque<usize>,
    /// Runs that another process had when they were last asked for, and when that was.
    taken: VecDeque<usize>,
    asked_for_taken: Instant,
    active: Vec<(usize, Active)>,
    failed: usize,
    /// What has ended, for the table.
    ended: BTreeMap<usize, SavedRun>,
}

impl<'a> Runner<'a> {
    pub fn new(asked: &'a Asked, folder: &'a Folder, plan: &'a Plan) -> Self {
        let ours = (0..plan.names.len()).filter(|&i| asked.shard.has(i));
        let measured = !asked.parts().is_empty();
        let (done, waiting): (Vec<usize>, Vec<usize>) =
            ours.partition(|&i| folder.state(&plan.names[i], measured) == State::Done);
        let total = done.len() + waiting.len();
        if !done.is_empty() {
            line(&format!("{} of {total} runs are done already", done.len()));
        }
        let mut runner = Self {
            asked,
            folder,
            plan,
            progress: Progress::new(total, done.len()),
            waiting: waiting.into(),
            taken: VecDeque::new(),
            asked_for_taken: Instant::now(),
            active: Vec::new(),
            failed: 0,
            ended: BTreeMap::new(),
        };
        runner.recall();
        runner
    }

    /// Everything there is to do; the exit code.
    pub fn run(mut self, signals: &Signals) -> Result<i32, SweepError> {
        let mut stopped = None;
        loop {
            if let (Some(signal), None) = (signals.caught(), stopped) {
                stopped = Some(signal);
                line(&format!("signal {signal}: the runs write their checkpoints; once more ends at once"));
                self.active.iter_mut().for_each(|(_, run)| run.stop(signal));
            }
            if stopped.is_none() {
                self.fill();
            }
            self.collect()?;
            let nothing_waits = self.waiting.is_empty() && self.taken.is_empty();
            if self.active.is_empty() && (nothing_waits || stopped.is_some()) {
                break;
            }
            thread::sleep(POLL);
        }
        self.recall();
        self.tell()?;
        Ok(match (self.failed, stopped) {
            (_, Some(signal)) => 128 + signal,
            (0, None) => 0,
            (_, None) => 1,
        })
    }

    /// Begins runs while there is room.
    fn fill(&mut self) {
        if self.waiting.is_empty() && !self.taken.is_empty() && self.asked_for_taken.elapsed() >= RETRY {
            self.asked_for_taken = Instant::now();
            std::mem::swap(&mut self.waiting, &mut self.taken);
        }
        while self.active.len() < self.asked.jobs {
            let Some(index) = self.waiting.pop_front() else { return };
            let name = &self.plan.names[index];
            match self.config(index).and_then(|config| Active::begin(self.asked, self.folder, name, &config)) {
                Ok(Begun::UnderWay(run)) => {
                    self.progress.begins(name, run.goes_on);
                    self.active.push((index, run));
                }
                Ok(Begun::DoneAlready) => self.end(index, Duration::ZERO, "was done by another process"),
                Ok(Begun::Taken) => {
                    self.asked_for_taken = Instant::now();
                    self.taken.push_back(index);
                }
                Err(reason) => self.fail(index, Duration::ZERO, &reason),
            }
        }
    }

    /// The run's own config: an ordinary one, with its share of the threads.
    fn config(&self, index: usize) -> Result<Config, String> {
        let mut config = self.asked.config.at_point(&self.plan.points[index]).map_err(|e| e.to_string())?;
        config.run.threads = self.asked.threads_each();
        Ok(config)
    }

    /// Looks which runs have ended.
    fn collect(&mut self) -> Result<(), SweepError> {
        let mut at = 0;
        while at < self.active.len() {
            let Some(ended) = self.active[at].1.poll(self.asked, self.folder) else {
                at += 1;
                continue;
            };
            let (index, run) = self.active.remove(at);
            let took = run.began.elapsed();
            match ended {
                Ended::Done => self.end(index, took, "done"),
                Ended::Failed(reason) => self.fail(index, took, &reason),
                Ended::Stopped => line(&format!("{} stopped", run.name)),
            }
            self.ended.extend(self.folder.ended(&run.name).map(|run| (index, run)));
            self.write_table()?;
        }
        Ok(())
    }

    fn end(&mut self, index: usize, took: Duration, what: &str) {
        let under_way: Vec<Duration> = self.active.iter().map(|(_, run)| run.began.elapsed()).collect();
        let (name, waiting) = (&self.plan.names[index], self.waiting.len() + self.taken.len());
        self.progress.ended(name, took, what, waiting, self.asked.jobs, &under_way);
    }

    fn fail(&mut self, index: usize, took: Duration, reason: &str) {
        self.failed += 1;
        let name = &self.plan.names[index];
        warning(&format!("{name}: {reason} (see {})", self.folder.beside(name, "log").display()));
        self.end(index, took, "failed");
    }

    /// Takes up what has ended so far, whoever did it.
    fn recall(&mut self) {
        let all = self.plan.names.iter().enumerate();
        self.ended = all.filter_map(|(i, name)| Some((i, self.folder.ended(name)?))).collect();
    }

    fn write_table(&self) -> Result<super::Table, SweepError> {
        let runs: Vec<SavedRun> = self.ended.values().cloned().collect();
        let table = table(&runs);
        self.folder.write_table(&table)?;
        Ok(table)
    }

    /// The last words.
    fn tell(&self) -> Result<(), SweepError> {
        let table = self.write_table()?;
        if !table.rows.is_empty() {
            line(&format!("\n{}", table.markdown()));
        }
        line(&format!("recorded in {}", self.folder.path().display()));
        if self.failed > 0 {
            error(&format!("{} of {} runs failed", self.failed, self.plan.names.len()));
        }
        Ok(())
    }
}
