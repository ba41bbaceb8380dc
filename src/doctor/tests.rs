//! Each complaint on rows made for it: there where it must be, silent just below, and its remedy an edit that can be made.

use std::sync::Arc;

use toml::Value;

use super::{Doctor, Finding, Patient, Signs, examine};
use crate::{
    config::{Config, is_live},
    record::{PerTerm, ProbeRow, StepRow, recorder_rows},
    train::{History, Pull, Spread, Vitals},
};

fn config(edits: &[(&str, Value)]) -> Config {
    Config::default().with(&edits.iter().map(|(k, v)| ((*k).to_string(), v.clone())).collect::<Vec<_>>()).unwrap()
}

fn row(step: u64, local: f64) -> StepRow {
    let mut row = recorder_rows::step_row(step, -0.1);
    row.mi.local = Some(local);
    row.terms.discriminator = Some(1.2);
    row
}

fn history(rows: impl IntoIterator<Item = StepRow>) -> History {
    let history = History::default();
    rows.into_iter().for_each(|row| history.push_step(&row));
    history
}

fn vitals(pulls: [Option<f64>; 3], idle: usize, effective_rank: f64) -> Vec<Arc<Vitals>> {
    let pull = |p: Option<f64>| p.map(|p| Pull { raw: p, weighted: p });
    let spread = Spread { units: 64, idle, effective_rank };
    (1..=3).map(|i| Arc::new(Vitals { step: 100 * i, pulls: pulls.map(pull), cosines: [None; 3], spread })).collect()
}

/// What is found; every remedy must be a valid edit of live keys that changes something.
fn found(config: &Config, history: &History, vitals: &[Arc<Vitals>]) -> Vec<Finding> {
    let findings = examine(&Signs { config, history, vitals, since: 0 });
    for f in &findings {
        assert!(f.remedy.iter().all(|(key, _)| is_live(key)), "{f:?}");
        if !f.remedy.is_empty() {
            assert_ne!(config.with(&f.remedy).unwrap(), *config, "{f:?}");
        }
        assert!(!f.text.is_empty() && !f.remedy_words.is_empty());
        assert!(f.remedy_words.chars().count() <= 30, "it has to fit into a line: {f:?}");
    }
    findings
}

/// The one finding.
fn only(config: &Config, history: &History, vitals: &[Arc<Vitals>], complaint: &str) -> Finding {
    let mut findings = found(config, history, vitals);
    assert_eq!(findings.iter().map(|f| f.complaint).collect::<Vec<_>>(), [complaint]);
    findings.remove(0)
}

fn silent(config: &Config, history: &History, vitals: &[Arc<Vitals>]) {
    assert_eq!(found(config, history, vitals), [], "nothing is wrong");
}

fn edits(f: &Finding) -> Vec<(&str, Value)> {
    f.remedy.iter().map(|(k, v)| (k.as_str(), v.clone())).collect()
}

#[test]
fn an_estimate_that_scores_carry_away() {
    for name in ["dv", "mine", "nwj"] {
        let c = config(&[("objective.estimator", name.into())]);
        let level = |nats: f64| history((1..=200).map(|s| row(s, nats)));
        // 64 images at 64 locations with 63 negatives: ln 258,048 = 12.46.
        let f = only(&c, &level(12.5), &[], "runaway");
        assert!(f.text.contains("12.5") && f.text.contains("258048"), "{}", f.text);
        assert_eq!(edits(&f), [("objective.estimator", "smile".into())]);
        silent(&c, &level(12.4), &[]);
        only(&c, &level(-1.1), &[], "runaway");
        silent(&c, &level(-0.9), &[]);
        only(&c, &level(f64::NAN), &[], "runaway");
        let jumping = |by: f64| history((1..=200).map(|s| row(s, 4.0 + if s % 2 == 0 { by } else { 0.0 })));
        only(&c, &jumping(3.1), &[], "runaway");
        silent(&c, &jumping(2.9), &[]);
        // A critic that has just begun may.
        silent(&c, &history((1..=199).map(|s| row(s, -30.0))), &[]);
        // One negative a positive, one location an image: 64 scores, ln 64 = 4.16.
        let few = c.with(&[("objective.local.negatives".into(), 1.into()), ("objective.local.locations".into(), "one".into())]);
        only(&few.unwrap(), &level(4.2), &[], "runaway");
    }
    silent(&config(&[("objective.estimator", "jsd".into())]), &history((1..=200).map(|s| row(s, -3e8))), &[]);
}

#[test]
fn a_terms_own_estimator_is_what_changes() {
    let both = [("objective.estimator", "dv".into()), ("objective.global.mode", "train".into())];
    let f = only(&config(&both), &history((1..=200).map(|s| row(s, 20.0))), &[], "runaway");
    assert_eq!(edits(&f), [("objective.local.estimator", "smile".into())]);
}

fn full(step: u64, share: f64, k: usize) -> StepRow {
    let ceiling = ((k + 1) as f64).ln();
    let mut row = row(step, share * ceiling);
    row.ceiling.local = Some(ceiling);
    row
}

#[test]
fn infonce_at_its_ceiling() {
    let rows = |share: f64, k| history((1..=50).map(|s| full(s, share, k)));
    let c = |k: Value| config(&[("objective.estimator", "infonce".into()), ("objective.local.negatives", k)]);
    let fifteen = c(15.into());
    let f = only(&fifteen, &rows(0.96, 15), &[], "ceiling");
    assert!(f.text.contains("2.66 of 2.77 nats (K 15)"), "{}", f.text);
    assert_eq!(edits(&f), [("objective.local.negatives", 30.into())]);
    silent(&fifteen, &rows(0.94, 15), &[]);
    silent(&fifteen, &history((1..=49).map(|s| full(s, 0.99, 15))), &[]);
    let f = only(&c(32.into()), &rows(0.96, 32), &[], "ceiling");
    assert_eq!(edits(&f), [("objective.local.negatives", "all".into())]);
    let f = only(&c("auto".into()), &rows(0.96, 63), &[], "ceiling");
    assert_eq!(edits(&f), [("optim.batch", 128.into())]);
    let f = only(&c(63.into()), &rows(0.96, 63), &[], "ceiling");
    assert_eq!(edits(&f), [("optim.batch", 128.into()), ("objective.local.negatives", "all".into())]);
    // Another estimator has a ceiling by its clip only.
    let clipped = config(&[("objective.estimator", "dv".into()), ("objective.clip", 2.0.into())]);
    let with_clip = history((1..=50).map(|s| StepRow { ceiling: PerTerm { global: None, local: Some(4.0) }, ..row(s, 3.9) }));
    assert_eq!(edits(&only(&clipped, &with_clip, &[], "ceiling")), [("objective.clip", 4.0.into())]);
}

fn probe(step: u64, held: f64, guaranteed: f64) -> ProbeRow {
    let mut row = recorder_rows::probe_row(step);
    (row.mi_heldout.local, row.mi_guaranteed.local) = (Some(held), Some(guaranteed));
    row
}

#[test]
fn training_and_held_out_estimates_that_part() {
    let c = config(&[("objective.estimator", "infonce".into())]);
    let with = |held: &[f64]| {
        let h = history((1..=300).map(|s| row(s, 2.0)));
        held.iter().zip([100, 200, 300]).for_each(|(v, step)| h.push_probe(&probe(step, *v, 0.0)));
        h
    };
    let f = only(&c, &with(&[2.0, 1.45, 1.4]), &[], "parted");
    assert!(f.text.contains("2.00 nats on training images, 1.40"), "{}", f.text);
    assert_eq!(edits(&f), [("optim.lr", 1e-5.into())]);
    silent(&c, &with(&[1.4, 1.55, 1.55]), &[]);
    silent(&c, &with(&[2.0, 2.0, 1.0]), &[]);
    silent(&c, &with(&[1.0]), &[]);
    // An estimate below zero has not learned anything by heart.
    let below = history((1..=300).map(|s| row(s, -2.0)));
    [200, 300].into_iter().for_each(|step| below.push_probe(&probe(step, -9.0, 0.0)));
    silent(&c, &below, &[]);
    // jsd's estimate is sunk by one score; its divergence is not. A loss of 0.6 is a divergence of ln 2 − 0.3 = 0.393; 1 nat
    // guaranteed is one of 0.693 − ½·1.368·ln 1.368 − ½·e⁻¹ = 0.295; 1.4 nats are 0.394.
    let jsd = |held: f64| {
        let h = history((1..=300).map(|s| {
            let mut row = row(s, -1e9);
            row.terms.local = Some(0.6);
            row
        }));
        [200, 300].into_iter().for_each(|step| h.push_probe(&probe(step, -1e12, held)));
        h
    };
    let f = only(&config(&[]), &jsd(0.9), &[], "parted");
    assert!(f.text.contains("0.39 nats of divergence"), "{}", f.text);
    silent(&config(&[]), &jsd(1.4), &[]);
}

#[test]
fn a_prior_that_has_lost() {
    let rows = |loss: f64| {
        history((1..=50).map(|s| {
            let mut row = row(s, 1.0);
            row.terms.discriminator = Some(loss);
            row
        }))
    };
    let gamma = |v: f64| config(&[("objective.prior.weight", v.into())]);
    let f = only(&gamma(0.1), &rows(0.049), &[], "prior-lost");
    assert_eq!(edits(&f), [("objective.prior.weight", 1.0.into())]);
    silent(&gamma(0.1), &rows(0.051), &[]);
    for (now, next) in [(0.0, 0.1), (0.5, 1.0), (1.0, 2.0), (5.0, 10.0)] {
        assert_eq!(edits(&only(&gamma(now), &rows(0.01), &[], "prior-lost")), [("objective.prior.weight", next.into())]);
    }
    assert!(only(&gamma(8.0), &rows(0.01), &[], "prior-lost").remedy.is_empty());
    silent(&config(&[("objective.prior.mode", "monitor".into())]), &rows(0.01), &[]);
}

#[test]
fn a_code_that_has_collapsed() {
    let (c, h) = (config(&[]), History::default());
    let pulls = [None, Some(0.1), Some(0.01)];
    let f = only(&c, &h, &vitals(pulls, 17, 20.0), "collapse");
    assert!(f.text.contains("17 of the code's 64 units"), "{}", f.text);
    assert_eq!(edits(&f), [("objective.prior.weight", 1.0.into())]);
    silent(&c, &h, &vitals(pulls, 16, 20.0));
    only(&c, &h, &vitals(pulls, 0, 1.4), "collapse");
    silent(&c, &h, &vitals(pulls, 0, 1.6));
    silent(&c, &h, &vitals(pulls, 64, 1.0)[1..]);
    let alone = config(&[("objective.prior.mode", "off".into())]);
    let f = only(&alone, &h, &vitals([None, Some(0.1), None], 0, 1.0), "collapse");
    assert_eq!(edits(&f), [("objective.prior.mode", "train".into()), ("objective.prior.weight", 0.1.into())]);
}

#[test]
fn a_term_that_does_not_move_the_encoder() {
    let (c, h) = (config(&[]), History::default());
    let f = only(&c, &h, &vitals([None, Some(1.0), Some(0.9e-4)], 0, 20.0), "silent-term");
    assert_eq!(f.patient, Patient::Prior);
    assert_eq!(edits(&f), [("objective.prior.weight", 1000.0.into())], "a tenth of the strongest");
    silent(&c, &h, &vitals([None, Some(1.0), Some(1.1e-4)], 0, 20.0));
    let f = only(&c, &h, &vitals([None, Some(1e-10), Some(0.1)], 0, 20.0), "silent-term");
    assert_eq!(edits(&f), [("objective.local.mode", "monitor".into())]);
    // Weight 0: the gradient is there, and nobody feels it.
    let mut weightless = vitals([None, Some(0.4), Some(0.5)], 0, 20.0);
    for v in &mut weightless {
        Arc::make_mut(v).pulls[1] = Some(Pull { raw: 0.5, weighted: 0.0 });
    }
    let f = only(&config(&[("objective.local.weight", 0.0.into())]), &h, &weightless, "silent-term");
    assert_eq!(edits(&f), [("objective.local.weight", 0.1.into())]);
    // What only monitors is not meant to.
    silent(&config(&[("objective.prior.mode", "monitor".into())]), &h, &vitals([None, Some(1.0), Some(0.0)], 0, 20.0));
}

#[test]
fn a_weight_that_changes_nothing() {
    let alone = |more: &[(&str, Value)]| {
        let off = [("objective.prior.mode", Value::from("off")), ("objective.local.weight", 0.5.into())];
        config(&off.into_iter().chain(more.iter().cloned()).collect::<Vec<_>>())
    };
    let h = History::default();
    assert_eq!(edits(&only(&alone(&[]), &h, &[], "lone-weight")), [("objective.local.weight", 1.0.into())]);
    only(&alone(&[("objective.global.mode", "monitor".into())]), &h, &[], "lone-weight");
    silent(&alone(&[("objective.global.mode", "train".into())]), &h, &[]);
    silent(&alone(&[("objective.prior.mode", "train".into())]), &h, &[]);
    silent(&alone(&[("objective.local.weight", 1.0.into())]), &h, &[]);
    // A gradient that is clipped has a size.
    silent(&alone(&[("optim.clip_norm", 1.0.into())]), &h, &[]);
}

/// A doctor at a run that grows, with a look at every row.
struct Visits {
    doctor: Doctor,
    config: Config,
    history: History,
    step: u64,
}

impl Visits {
    fn new(config: Config) -> Self {
        let mut visits = Self { doctor: Doctor::default(), config, history: History::default(), step: 0 };
        visits.doctor.look(&visits.config, &visits.history, None);
        visits
    }

    /// So many rows at this share of the ceiling; what began to be told.
    fn rows(&mut self, n: usize, share: f64) -> Vec<Finding> {
        let mut begun = Vec::new();
        for _ in 0..n {
            self.step += 1;
            self.history.push_step(&full(self.step, share, 15));
            begun.extend(self.doctor.look(&self.config, &self.history, None));
        }
        begun
    }

    fn told(&self) -> usize {
        self.doctor.findings().len()
    }
}

fn full_config() -> Config {
    config(&[("objective.estimator", "infonce".into()), ("objective.local.negatives", 15.into())])
}

#[test]
fn a_finding_holds_before_it_is_told_and_is_told_once() {
    let mut v = Visits::new(full_config());
    assert_eq!((v.rows(69, 0.97).len(), v.told()), (0, 0), "fifty rows to judge by, twenty to hold");
    assert_eq!((v.rows(1, 0.97).len(), v.told()), (1, 1));
    let text = v.doctor.findings()[0].text.clone();
    assert_eq!((v.rows(100, 0.98).len(), v.told()), (0, 1));
    assert_eq!(v.doctor.findings()[0].text, text, "numbers that change at every row would flicker");
    // The mean of fifty rows falls below 95 % soon; it stays for twenty rows more.
    v.rows(3, 0.0);
    assert_eq!(v.told(), 1);
    v.rows(16, 0.0);
    assert_eq!(v.told(), 1);
    v.rows(5, 0.0);
    assert_eq!(v.told(), 0);
}

#[test]
fn what_comes_and_goes_is_not_told() {
    let mut v = Visits::new(full_config());
    v.rows(49, 0.951);
    for _ in 0..20 {
        // Two rows swing the mean around the line and back within ten.
        assert!(v.rows(1, 0.85).is_empty() && v.rows(9, 0.958).is_empty());
    }
    assert_eq!(v.told(), 0);
}

#[test]
fn after_a_change_it_begins_anew() {
    let mut v = Visits::new(full_config());
    v.rows(70, 0.97);
    assert_eq!(v.told(), 1);
    v.config = v.config.with(&[("objective.local.negatives".into(), 30.into())]).unwrap();
    assert_eq!((v.rows(1, 0.97).len(), v.told()), (0, 0));
    assert_eq!((v.rows(69, 0.97).len(), v.told()), (0, 0));
    assert_eq!(v.rows(1, 0.97).len(), 1, "it did not help");
    // How long the run is to be has nothing to do with it.
    v.config = v.config.with(&[("optim.steps".into(), 9000.into())]).unwrap();
    v.rows(1, 0.97);
    assert_eq!(v.told(), 1);
    // A rollback takes the rows back.
    v.history.cut_back(100);
    v.step = 100;
    v.rows(1, 0.97);
    assert_eq!(v.told(), 0);
}

#[test]
fn what_is_dismissed_is_silent_until_it_has_gone_and_come_back() {
    let mut v = Visits::new(full_config());
    v.rows(70, 0.97);
    let (complaint, patient) = (v.doctor.findings()[0].complaint, v.doctor.findings()[0].patient);
    v.doctor.dismiss(complaint, patient);
    assert_eq!((v.told(), v.rows(200, 0.97).len(), v.told()), (0, 0, 0));
    // Nor does a change bring it back, if the cause stays.
    v.config = v.config.with(&[("optim.lr".into(), 1e-3.into())]).unwrap();
    assert_eq!((v.rows(200, 0.97).len(), v.told()), (0, 0));
    v.rows(100, 0.5);
    assert_eq!((v.rows(150, 0.97).len(), v.told()), (1, 1));
}

#[test]
fn a_resumed_run_is_not_judged_by_what_it_was() {
    let history = history((1..=500).map(|s| full(s, 0.99, 15)));
    let mut doctor = Doctor::default();
    for step in 501..=569 {
        assert!(doctor.look(&full_config(), &history, None).is_empty());
        history.push_step(&full(step, 0.97, 15));
    }
    assert!(doctor.findings().is_empty());
}
