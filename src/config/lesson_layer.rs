//! `[lesson]` as it was written: read with the place of every value, and its changes tried out one after the other.

use toml::Value;

use super::{
    Config, ConfigError, Lesson, LessonStep, LessonWait, Place, Range,
    error::shown,
    keys::nearest_name,
    layer::{Entry, lay, live_entries, misfit},
    node::{Kind, Node},
    rules,
};

const PARTS: [&str; 3] = ["title", "introduction", "steps"];
const CARD: [&str; 7] = ["text", "look", "question", "answer", "after", "wait", "set"];
const AFTER: Range = Range::Int { min: 0, max: 1_000_000_000 };
const WAIT: Range = Range::Choice(&["probe"]);

/// A lesson with the places of its changes.
#[derive(Debug, Clone)]
pub(super) struct LessonLayer {
    lesson: Lesson,
    /// Of each card what it sets, and where the card stands.
    changes: Vec<(Vec<Entry>, Place)>,
    place: Place,
}

impl LessonLayer {
    /// Reads the whole table. Everything that is wrong is told at once.
    pub fn read(at: &Place, node: &Node) -> Result<Self, ConfigError> {
        let Kind::Table(items) = &node.kind else {
            return Err(misplaced("lesson", node, "a table with title, introduction and steps"));
        };
        let mut read = Self { lesson: Lesson::default(), changes: Vec::new(), place: at.clone() };
        let mut wrong = Vec::new();
        for (name, at, node) in items {
            match name.as_str() {
                "title" => read.lesson.title = words("lesson.title", node, &mut wrong),
                "introduction" => read.lesson.introduction = words("lesson.introduction", node, &mut wrong),
                "steps" => read.steps(node, &mut wrong),
                _ => wrong.push(unknown("lesson", name, at, &PARTS)),
            }
        }
        for part in PARTS.iter().filter(|part| !items.iter().any(|(name, ..)| name == *part)) {
            wrong.push(ConfigError::Rule {
                at: at.clone(),
                keys: vec!["lesson"],
                message: format!("lesson: it has no {part}; it takes title, introduction and [[lesson.steps]]"),
            });
        }
        ConfigError::all(wrong).map(|()| read)
    }

    fn steps(&mut self, node: &Node, wrong: &mut Vec<ConfigError>) {
        let cards = match &node.kind {
            Kind::Array(cards) if !cards.is_empty() => cards,
            _ => return wrong.push(misplaced("lesson.steps", node, "a list of cards, each written as [[lesson.steps]]")),
        };
        for node in cards {
            let Kind::Table(items) = &node.kind else {
                wrong.push(misplaced("lesson.steps", node, "a list of cards, each written as [[lesson.steps]]"));
                continue;
            };
            let (mut card, mut set) = (LessonStep::default(), Vec::new());
            for (name, at, value) in items {
                part(&mut card, &mut set, (name, at, value), wrong);
            }
            if !items.iter().any(|(name, ..)| name == "text") {
                let message = "lesson.steps: this card has no text".to_owned();
                wrong.push(ConfigError::Rule { at: node.at.clone(), keys: vec!["lesson"], message });
            }
            card.set = set.iter().map(|entry: &Entry| (entry.key.clone(), entry.value.clone())).collect();
            self.lesson.steps.push(card);
            self.changes.push((set, node.at.clone()));
        }
    }

    /// A lesson that was read before.
    pub fn from_plain(lesson: &Lesson) -> Self {
        let entry = |(key, value): (&String, &Value)| Entry { key: key.clone(), value: value.clone(), at: Place::Here };
        let changes = lesson.steps.iter().map(|card| (card.set.iter().map(entry).collect(), Place::Here)).collect();
        Self { lesson: lesson.clone(), changes, place: Place::Here }
    }

    pub fn plain(&self) -> Lesson {
        self.lesson.clone()
    }

    /// Makes the changes one after the other, as a reader will, and refuses the first that does not go; and a run that is over before
    /// its lesson.
    pub fn check(&self, config: &Config) -> Result<(), ConfigError> {
        let rule = |message: String| ConfigError::Rule { at: self.place.clone(), keys: vec!["lesson"], message };
        if config.sweep.is_some() {
            return Err(rule("lesson: it is about one run, so it cannot stand beside a [sweep]".into()));
        }
        let (needed, steps) = (self.lesson.length(), config.optim.steps);
        if config.optim.epochs == 0 && needed >= steps {
            return Err(rule(format!(
                "lesson: its cards come after {needed} steps in all, but the run has optim.steps = {steps}: raise that above {needed}"
            )));
        }
        let mut config = config.clone();
        for (i, (set, place)) in self.changes.iter().enumerate() {
            config = lay(&config, set)?;
            rules::check(&config).map_err(|mut broken| {
                broken.message = format!("the lesson cannot be followed at its step {}: {}", i + 1, broken.message);
                broken.locate(set, place)
            })?;
        }
        Ok(())
    }
}

/// One line of a card.
fn part(card: &mut LessonStep, set: &mut Vec<Entry>, (name, at, node): (&str, &Place, &Node), wrong: &mut Vec<ConfigError>) {
    match name {
        "text" => card.text = words("lesson.steps.text", node, wrong),
        "look" => card.look = words("lesson.steps.look", node, wrong),
        "question" => card.question = words("lesson.steps.question", node, wrong),
        "answer" => card.answer = words("lesson.steps.answer", node, wrong),
        "after" => {
            let after = accepted("lesson.steps.after", AFTER, node, wrong).and_then(|v| u64::try_from(v.as_integer()?).ok());
            card.after = after.unwrap_or_default();
        }
        "wait" => card.wait = accepted("lesson.steps.wait", WAIT, node, wrong).map(|_| LessonWait::Probe),
        "set" => match live_entries("lesson.steps.set", node) {
            Ok(entries) => *set = entries,
            Err(ConfigError::Scheduled { at, key }) => wrong.push(ConfigError::Rule {
                at,
                keys: vec!["lesson"],
                message: format!("'{key}' cannot change while running, so no card can set it: set it once for the whole lesson"),
            }),
            Err(error) => wrong.push(error),
        },
        _ => wrong.push(unknown("lesson.steps", name, at, &CARD)),
    }
}

fn accepted(name: &str, range: Range, node: &Node, wrong: &mut Vec<ConfigError>) -> Option<Value> {
    let given = node.plain();
    let found = range.accept(&given);
    if found.is_none() {
        wrong.push(misfit(name, range, &given, &node.at));
    }
    found
}

/// A text as one paragraph: how it is broken in the file is not how it is broken on the screen.
fn words(name: &str, node: &Node, wrong: &mut Vec<ConfigError>) -> String {
    let text = node.plain().as_str().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    match text.filter(|text| !text.is_empty()) {
        Some(text) => text,
        None => {
            wrong.push(misplaced(name, node, "a text"));
            String::new()
        }
    }
}

fn unknown(table: &str, name: &str, at: &Place, names: &[&'static str]) -> ConfigError {
    let nearest = nearest_name(name, names).map(|near| format!("{table}.{near}"));
    ConfigError::UnknownKey { at: at.clone(), key: format!("{table}.{name}"), nearest }
}

fn misplaced(name: &str, node: &Node, expected: &str) -> ConfigError {
    let (key, value) = (name.to_owned(), shown(&node.plain()));
    ConfigError::Value { at: node.at.clone(), key, value, expected: expected.into(), hint: "".into() }
}
