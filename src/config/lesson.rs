//! `[lesson]`: an experiment for a reader in front of the workbench, card by card, and the schedule it comes to without one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toml::Value;

use super::{Config, ConfigError, ScheduleEntry, parse_text};

/// A guided experiment on the run that the rest of the config is. The workbench shows it beside the charts; under `--batch` its changes are
/// made by themselves.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lesson {
    /// A line: what it is about.
    pub title: String,
    /// The first card.
    pub introduction: String,
    /// The cards after it, in order.
    pub steps: Vec<LessonStep>,
}

/// A card of a lesson.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LessonStep {
    /// What there is to know or to do. `{pause}`, `{probes}`, ... in a card are the keys that the reader has for these.
    pub text: String,
    /// What to look for on the screen.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub look: String,
    /// What the reader is asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub question: String,
    /// The answer, shown on a key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
    /// The card is offered so many steps after the one before it: after its change came in force, or, if it has none, after it was
    /// shown. Under `--batch` they are counted from the beginning, card by card.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub after: u64,
    /// Wait for a probe of these steps, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<LessonWait>,
    /// Key → value: a change that the reader makes with one key; each key is one that can change live.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub set: BTreeMap<String, Value>,
}

/// What a card may wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LessonWait {
    Probe,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Lesson {
    /// Steps of the run that it takes at least.
    pub fn length(&self) -> u64 {
        self.steps.iter().fold(0, |sum, step| sum.saturating_add(step.after))
    }

    /// Its changes as entries of a schedule, each as soon as its card could be offered.
    pub fn schedule(&self) -> Vec<ScheduleEntry> {
        let mut done = 0_u64;
        let mut entries = Vec::new();
        for step in &self.steps {
            done = done.saturating_add(step.after);
            if !step.set.is_empty() {
                entries.push(ScheduleEntry { at: done.saturating_add(1), attempt: 0, set: step.set.clone() });
            }
        }
        entries
    }
}

impl Config {
    /// The same run without a reader: the changes of the lesson at their steps, among those of the schedule.
    pub fn without_reader(mut self) -> Config {
        if let Some(lesson) = self.lesson.take() {
            self.schedule.extend(lesson.schedule());
            self.schedule.sort_by_key(|entry| (entry.attempt, entry.at));
        }
        self
    }
}

/// A lesson that comes with the program.
pub struct ShippedLesson {
    /// What `--lesson` calls it.
    pub name: &'static str,
    text: &'static str,
}

/// Every one of them, in the order in which they are best taken.
pub const LESSONS: [ShippedLesson; 3] = [
    ShippedLesson { name: "negatives", text: include_str!("../../configs/lessons/negatives.toml") },
    ShippedLesson { name: "prior", text: include_str!("../../configs/lessons/prior.toml") },
    ShippedLesson { name: "local-global", text: include_str!("../../configs/lessons/local-global.toml") },
];

impl ShippedLesson {
    /// The lesson of this name.
    pub fn named(name: &str) -> Option<&'static ShippedLesson> {
        const { &LESSONS }.iter().find(|lesson| lesson.name == name)
    }

    /// Its config, as if read from the file that it was made of.
    ///
    /// # Errors
    /// None: the tests read every one.
    pub fn config(&self) -> Result<Config, ConfigError> {
        parse_text(self.text, format!("configs/lessons/{}.toml", self.name).as_ref())
    }
}
