//! The doctor's memory from look to look: a finding has to hold before it is told, stays until it has been gone for a while, and
//! is silent once dismissed until its cause has gone away. All of it is counted in rows, so that a pause changes nothing.

use std::sync::Arc;

use super::{Finding, Opinion, Patient, Signs, opinions};
use crate::{
    config::{Config, Objective, Optim},
    train::{History, Vitals, history::Series},
};

/// Rows that a finding must hold before it is told.
const HOLD: usize = 20;
/// Rows that it must be gone before it is taken back.
const RELEASE: usize = 20;
/// Vitals that are kept.
const KEPT: usize = 8;

/// One complaint about one patient, from when it was first found.
#[derive(Debug, Clone)]
struct Case {
    complaint: &'static str,
    patient: Patient,
    /// As it was when it was told: numbers that change with every row would flicker.
    finding: Finding,
    /// Rows there were when it was first, and last, found.
    first: usize,
    last: usize,
    told: bool,
    dismissed: bool,
}

/// A doctor at the bed of one run.
#[derive(Debug, Clone, Default)]
pub struct Doctor {
    cases: Vec<Case>,
    vitals: Vec<Arc<Vitals>>,
    /// The settings that the signs are judged by; `None` before the first look.
    settings: Option<(Objective, Optim)>,
    since: u64,
    rows: usize,
}

impl Doctor {
    /// Looks at a run. Gives the findings that begin to be told now.
    pub fn look(&mut self, config: &Config, history: &History, vitals: Option<&Arc<Vitals>>) -> Vec<Finding> {
        if !config.has_encoder() {
            // What goes wrong in the arena is what it is there to show.
            return Vec::new();
        }
        self.notice_changes(config, history);
        if let Some(newest) = vitals.filter(|v| self.vitals.last().is_none_or(|last| last.step != v.step)) {
            self.vitals.push(newest.clone());
            self.vitals.drain(..self.vitals.len().saturating_sub(KEPT));
        }
        let rows = history.len(Series::Loss);
        if rows < self.rows {
            // A rollback: what was seen is no more.
            self.begin_anew(history);
        }
        self.rows = rows;
        let signs = Signs { config, history, vitals: &self.vitals, since: self.since };
        let opinions = opinions(&signs);
        opinions.into_iter().filter_map(|(complaint, patient, opinion)| self.weigh(complaint, patient, opinion)).collect()
    }

    /// Settings that matter have changed, or the run is seen for the first time (it may be a resumed one): what came before
    /// is not held against what is in force, and findings begin anew.
    fn notice_changes(&mut self, config: &Config, history: &History) {
        // How long the run is to be is no cause of anything.
        let optim = Optim { steps: 0, epochs: 0, ..config.optim.clone() };
        let settings = Some((config.objective.clone(), optim));
        if self.settings != settings {
            self.settings = settings;
            self.begin_anew(history);
        }
    }

    fn begin_anew(&mut self, history: &History) {
        self.since = history.last(Series::Loss).map_or(0, |(step, _)| step + 1);
        self.vitals.clear();
        self.cases.retain(|c| c.dismissed);
    }

    /// Holds an opinion against what is known; the finding, if it is to be told from now on.
    fn weigh(&mut self, complaint: &'static str, patient: Patient, opinion: Opinion) -> Option<Finding> {
        let at = self.cases.iter().position(|c| c.complaint == complaint && c.patient == patient);
        match (opinion, at) {
            (Opinion::Found(finding), None) => {
                let (first, last) = (self.rows, self.rows);
                self.cases.push(Case { complaint, patient, finding: *finding, first, last, told: false, dismissed: false });
                None
            }
            (Opinion::Found(finding), Some(at)) => {
                let case = &mut self.cases[at];
                case.last = self.rows;
                if case.told || self.rows.saturating_sub(case.first) < HOLD {
                    return None;
                }
                (case.told, case.finding) = (true, *finding);
                (!case.dismissed).then(|| case.finding.clone())
            }
            (Opinion::Fine, Some(at)) => {
                let case = &self.cases[at];
                let held = case.told || case.dismissed;
                if !held || self.rows.saturating_sub(case.last) >= RELEASE {
                    self.cases.remove(at);
                }
                None
            }
            // It cannot be told whether the cause is still there.
            (Opinion::Unknown, _) | (Opinion::Fine, None) => None,
        }
    }

    /// What is told now, the gravest first.
    pub fn findings(&self) -> Vec<&Finding> {
        let order = |f: &Finding| super::COMPLAINTS.iter().position(|c| c.name == f.complaint);
        let mut told: Vec<&Finding> = self.cases.iter().filter(|c| c.told && !c.dismissed).map(|c| &c.finding).collect();
        told.sort_by_key(|f| (order(f), f.patient));
        told
    }

    /// Tells no more of a complaint until its cause has gone away and come back.
    pub fn dismiss(&mut self, complaint: &str, patient: Patient) {
        for case in self.cases.iter_mut().filter(|c| c.complaint == complaint && c.patient == patient) {
            case.dismissed = true;
        }
    }
}
