//! The lesson that is being taken: which card, whether its change is in force, and what the next one waits for.

mod note;

use std::path::PathBuf;

use crate::{
    config::{self, Config, LessonStep, LessonWait},
    train::{Phase, Snapshot},
};

/// A lesson and the reader's place in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Lesson {
    text: config::Lesson,
    /// 0: the introduction; else the step of this number, counted from 1.
    card: usize,
    /// The log is in its place.
    pub hidden: bool,
    /// The answer is shown.
    pub answered: bool,
    /// Lines scrolled down.
    pub scroll: usize,
    /// Steps done when the clock of the next card began: when this card was shown, or its change came in force.
    since: Option<u64>,
    /// The furthest card that was reached: going back and forth among those before it waits for nothing.
    reached: usize,
    /// Of a resumed run, until the trainer has said where that stands.
    taken_up: bool,
    /// What the run directory has of it.
    kept: Option<(PathBuf, note::Bookmark)>,
}

/// Why the next card is not offered yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// The change of this card is not in force.
    Change,
    /// So many steps are missing.
    Steps(u64),
    /// A probe is.
    Probe,
    /// Nothing: there is no further card.
    End,
}

impl Lesson {
    pub fn new(text: config::Lesson) -> Self {
        Self { text, card: 0, hidden: false, answered: false, scroll: 0, since: None, reached: 0, taken_up: false, kept: None }
    }

    pub fn title(&self) -> &str {
        &self.text.title
    }

    pub fn introduction(&self) -> &str {
        &self.text.introduction
    }

    /// The card's number, and how many there are besides the introduction.
    pub fn place(&self) -> (usize, usize) {
        (self.card, self.text.steps.len())
    }

    /// The present card; `None`: the introduction.
    pub fn step(&self) -> Option<&LessonStep> {
        self.card.checked_sub(1).and_then(|i| self.text.steps.get(i))
    }

    /// True if everything that the card sets is so.
    pub fn in_force(&self, config: &Config) -> bool {
        self.step().is_none_or(|step| step.set.iter().all(|(key, value)| config.get(key).as_ref() == Some(value)))
    }

    /// Looks at a new state of the trainer: the clock begins when the change is in force.
    pub fn look(&mut self, live: &Snapshot) {
        if self.taken_up {
            if matches!(live.phase, Phase::Starting(_)) {
                return;
            }
            self.taken_up = false;
            // Steps after the checkpoint are taken again, and a change among them has to be made again.
            let stands = |since: &u64| *since <= live.step || self.in_force(&live.config);
            self.since = self.since.filter(stands).map(|since| since.min(live.step));
        }
        if self.since.is_none() && self.in_force(&live.config) {
            self.since = Some(live.step);
        }
    }

    /// A new run has begun, from its first step.
    pub fn begin_anew(&mut self, live: &Snapshot) {
        self.since = None;
        self.look(live);
    }

    /// What the next card waits for; `None`: it can be had.
    pub fn waits(&self, live: &Snapshot) -> Option<Waiting> {
        let Some(next) = self.text.steps.get(self.card) else { return Some(Waiting::End) };
        if self.card < self.reached {
            return None;
        }
        let Some(since) = self.since else { return Some(Waiting::Change) };
        let due = since.saturating_add(next.after);
        if live.step < due {
            return Some(Waiting::Steps(due - live.step));
        }
        let probed = live.probe.as_ref().map_or(0, |row| row.step);
        (next.wait == Some(LessonWait::Probe) && probed < due.max(since.saturating_add(1))).then_some(Waiting::Probe)
    }

    /// The next card, if it can be had.
    pub fn next(&mut self, live: &Snapshot) -> Result<(), Waiting> {
        match self.waits(live) {
            Some(waiting) => Err(waiting),
            None => {
                self.turn_to(self.card + 1, live);
                Ok(())
            }
        }
    }

    /// The card before this one; false at the first.
    pub fn back(&mut self, live: &Snapshot) -> bool {
        let Some(card) = self.card.checked_sub(1) else { return false };
        self.turn_to(card, live);
        true
    }

    fn turn_to(&mut self, card: usize, live: &Snapshot) {
        (self.card, self.answered, self.scroll) = (card, false, 0);
        self.reached = self.reached.max(card);
        self.begin_anew(live);
    }
}

impl Lesson {
    /// What the right end of the panel's title says.
    pub fn outlook(&self, live: &Snapshot) -> String {
        match self.waits(live) {
            None => "{lesson-next} next".into(),
            Some(Waiting::Change) => "{lesson-try} makes the change".into(),
            Some(Waiting::Steps(n)) => format!("next in {n} steps"),
            Some(Waiting::Probe) => "next with the next probe".into(),
            Some(Waiting::End) => "the last card".into(),
        }
    }
}

impl Waiting {
    /// In words, for the bottom line.
    pub fn words(&self, phase: &Phase) -> String {
        let text = match self {
            Waiting::End => return "this was the last card; :lesson puts the log back in its place".into(),
            Waiting::Change => return "first the change of this card: {lesson-try} makes it".into(),
            Waiting::Steps(1) => "the next card comes after one more step".to_owned(),
            Waiting::Steps(n) => format!("the next card comes after {n} more steps"),
            Waiting::Probe => "the next card comes with the next probe; {probe} takes one now".into(),
        };
        match phase {
            Phase::Paused(_) => text + "; training is paused: {pause} goes on",
            Phase::Finished => text + "; all steps are done: raise steps to go on",
            _ => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn step(after: u64, wait: Option<LessonWait>, batch: Option<i64>) -> LessonStep {
        let set = batch.map(|n| ("optim.batch".to_owned(), toml::Value::Integer(n))).into_iter().collect();
        LessonStep { text: "a card".into(), after, wait, set, ..LessonStep::default() }
    }

    fn lesson(steps: Vec<LessonStep>) -> Lesson {
        Lesson::new(config::Lesson { title: "t".into(), introduction: "i".into(), steps })
    }

    #[test]
    fn a_card_waits_for_steps_after_the_change_before_it() {
        let mut l = lesson(vec![step(10, None, Some(32)), step(5, None, None), step(0, None, None)]);
        let mut live = Snapshot::starting(Arc::new(Config::default()));
        l.look(&live);
        assert_eq!(l.next(&live), Err(Waiting::Steps(10)));
        live.step = 12;
        assert_eq!(l.next(&live), Ok(()));
        // The clock of the second card begins with the change, whenever that is made.
        live.step = 500;
        l.look(&live);
        assert_eq!(l.waits(&live), Some(Waiting::Change));
        live.config = Arc::new(live.config.with(&[("optim.batch".into(), 32.into())]).unwrap());
        l.look(&live);
        assert_eq!(l.waits(&live), Some(Waiting::Steps(5)));
        live.step = 505;
        assert_eq!(l.next(&live), Ok(()));
        // Going back waits for nothing, nor does coming again to where one was.
        assert!(l.back(&live) && l.back(&live) && !l.back(&live));
        live.step = 506;
        live.config = Arc::new(Config::default());
        assert_eq!((l.next(&live), l.next(&live), l.place()), (Ok(()), Ok(()), (2, 3)));
        assert_eq!((l.next(&live), l.next(&live)), (Ok(()), Err(Waiting::End)));
    }

    #[test]
    fn a_card_can_wait_for_a_probe_that_is_newer_than_the_change() {
        let mut l = lesson(vec![step(3, Some(LessonWait::Probe), None)]);
        let mut live = Snapshot::starting(Arc::new(Config::default()));
        live.step = 100;
        l.look(&live);
        live.step = 103;
        assert_eq!(l.waits(&live), Some(Waiting::Probe));
        let mut row = crate::tui::tests::probe_row(102);
        live.probe = Some(Arc::new(row.clone()));
        assert_eq!(l.waits(&live), Some(Waiting::Probe), "of a step before the card is due");
        row.step = 103;
        live.probe = Some(Arc::new(row));
        assert_eq!(l.waits(&live), None);
    }
}
