//! The doctor: what is off with a run, why, and the edit that helps. Pure functions over what a front end has anyway: the
//! configuration in force, the history, the vitals. It knows no screen and no tensors, and asks nothing of the trainer.
//!
//! One file per complaint, one line each in [`COMPLAINTS`]. [`examine`] judges the newest rows; a [`Doctor`] remembers, so that a
//! finding shows only when it holds, does not flicker, and can be dismissed.

mod ceiling;
mod collapse;
mod lone_weight;
mod memory;
mod parted;
mod prior_lost;
mod runaway;
mod signs;
mod silent_term;
#[cfg(test)]
mod tests;

use toml::Value;

pub use ceiling::AT_CEILING;
pub use memory::Doctor;
pub use signs::Signs;

/// Whom a complaint is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Patient {
    Global,
    Local,
    Prior,
    /// The code, or the run as a whole.
    Run,
}

impl Patient {
    const TERMS: &'static [Patient] = &[Patient::Local, Patient::Global];

    /// As it is called in keys and sentences.
    pub fn name(self) -> &'static str {
        match self {
            Patient::Global => "global",
            Patient::Local => "local",
            Patient::Prior => "prior",
            Patient::Run => "run",
        }
    }

    /// The dotted key of one of its settings.
    fn key(self, setting: &str) -> String {
        format!("objective.{}.{setting}", self.name())
    }
}

/// What is off, and what to do about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Name of the complaint.
    pub complaint: &'static str,
    pub patient: Patient,
    /// One sentence: what, with numbers, then why it matters.
    pub text: String,
    /// Edits of live keys that help, one atomic change; empty where none does.
    pub remedy: Vec<(String, Value)>,
    /// The remedy in a few words; where there is no edit, what else would help.
    pub remedy_words: String,
}

/// What the signs say about one complaint.
#[derive(Debug, Clone, PartialEq)]
pub enum Opinion {
    /// Too little has been seen since the run began or was changed.
    Unknown,
    Fine,
    Found(Box<Finding>),
}

/// A finding before it knows whose it is.
#[derive(Debug)]
struct Complains {
    text: String,
    remedy: Vec<(String, Value)>,
    remedy_words: String,
}

/// `None`: it cannot be told yet; `Some(None)`: all is well.
type Judgement = Option<Option<Complains>>;

/// Nothing to complain about.
const FINE: Judgement = Some(None);

/// One line of the table.
struct Complaint {
    name: &'static str,
    patients: &'static [Patient],
    judge: fn(&Signs, Patient) -> Judgement,
}

const fn complaint(name: &'static str, patients: &'static [Patient], judge: fn(&Signs, Patient) -> Judgement) -> Complaint {
    Complaint { name, patients, judge }
}

/// All complaints, the gravest first.
const COMPLAINTS: &[Complaint] = &[
    complaint("runaway", Patient::TERMS, runaway::judge),
    complaint("collapse", &[Patient::Run], collapse::judge),
    complaint("ceiling", Patient::TERMS, ceiling::judge),
    complaint("parted", Patient::TERMS, parted::judge),
    complaint("prior-lost", &[Patient::Prior], prior_lost::judge),
    complaint("silent-term", &[Patient::Local, Patient::Global, Patient::Prior], silent_term::judge),
    complaint("lone-weight", &[Patient::Run], lone_weight::judge),
];

/// Every complaint about every patient, the gravest first.
fn opinions(signs: &Signs) -> Vec<(&'static str, Patient, Opinion)> {
    let all = COMPLAINTS.iter().flat_map(|c| c.patients.iter().map(move |p| (c, *p)));
    all.map(|(c, patient)| {
        let opinion = match (c.judge)(signs, patient) {
            None => Opinion::Unknown,
            Some(None) => Opinion::Fine,
            Some(Some(Complains { text, remedy, remedy_words })) => {
                Opinion::Found(Box::new(Finding { complaint: c.name, patient, text, remedy, remedy_words }))
            }
        };
        (c.name, patient, opinion)
    })
    .collect()
}

/// What is off by these signs, the gravest first.
pub fn examine(signs: &Signs) -> Vec<Finding> {
    let found = |(_, _, opinion)| if let Opinion::Found(finding) = opinion { Some(*finding) } else { None };
    opinions(signs).into_iter().filter_map(found).collect()
}
