//! What the `:` line can find: every action of the key table, every setting with its values, every preset and every command, matched
//! fuzzily and best first.

use nucleo_matcher::{
    Config as Scoring, Matcher, Utf32Str,
    pattern::{AtomKind, CaseMatching, Normalization, Pattern},
};
use toml::Value;

use super::{
    app::App,
    controls::{CONTROLS, Control, shown},
    keymap::action_name,
    keys::{Action, BINDINGS},
    prompt::{COMMANDS, takes_more},
    theme,
    ui::Notify,
};
use crate::config::{self, Range};

/// How many are listed.
pub const LISTED: usize = 8;

/// What choosing one does.
#[derive(Debug, Clone, PartialEq)]
pub enum Deed {
    Act(Action),
    /// Make this value.
    Set(&'static str, Value),
    /// Open the line in which a value is typed.
    Edit(&'static str),
    /// Run this command.
    Run(String),
    /// This command wants more: it goes into the line.
    Begin(String),
}

impl Deed {
    fn ends_the_program(&self) -> bool {
        match self {
            Deed::Act(action) => *action == Action::Quit,
            Deed::Run(line) => line == "q",
            Deed::Set(..) | Deed::Edit(_) | Deed::Begin(_) => false,
        }
    }
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub text: String,
    /// What stands at the right: the key of an action, the name of a setting, what a command does.
    pub aside: String,
    pub deed: Deed,
    /// The characters of the text that were typed, in order.
    pub hits: Vec<u32>,
}

impl Candidate {
    fn new(text: impl Into<String>, aside: impl Into<String>, deed: Deed) -> Self {
        Self { text: text.into(), aside: aside.into(), deed, hits: Vec::new() }
    }

    /// The same as a line that can be typed.
    pub fn line(&self) -> String {
        match &self.deed {
            Deed::Set(key, value) => format!("set {key}={}", typed(value)),
            Deed::Run(line) | Deed::Begin(line) => line.clone(),
            Deed::Act(_) | Deed::Edit(_) => self.text.clone(),
        }
    }

    /// What is searched besides the text.
    fn also(&self) -> String {
        match &self.deed {
            Deed::Act(action) => action_name(*action).replace('-', " "),
            Deed::Set(key, _) | Deed::Edit(key) => (*key).to_owned(),
            Deed::Run(_) | Deed::Begin(_) => self.aside.clone(),
        }
    }
}

/// A value as it is typed after `=`.
fn typed(value: &Value) -> String {
    match value {
        Value::String(text) if text.contains([' ', '"', '\'']) => value.to_string(),
        Value::String(text) => text.clone(),
        other => shown(other),
    }
}

/// The best for what has been typed; none for an empty line.
pub fn candidates(app: &App, text: &str) -> Vec<Candidate> {
    let text = text.trim();
    if text.is_empty() {
        return Vec::new();
    }
    // A command that is half-way typed is looked for like anything else.
    let query = text.strip_prefix("set ").unwrap_or(text).replace('=', " ");
    let mut all = named_values(app);
    all.extend(actions(app));
    all.extend(commands(app));
    all.extend(edits(app));
    let mut found = best(all, &query, usize::MAX);
    if let Some((words, last)) = query.trim_end().rsplit_once(' ') {
        let mut given = best(numbers(app, last), words, LISTED);
        given.append(&mut found);
        found = given;
    }
    found.truncate(LISTED);
    found
}

/// Whether the text has the words, whether it does with what is searched besides, how well they begin words of these, and the score of
/// the matcher.
type Worth = (bool, bool, u8, u32);

/// Those that match, best first.
fn best(all: Vec<Candidate>, query: &str, most: usize) -> Vec<Candidate> {
    let pattern = Pattern::new(query, CaseMatching::Ignore, Normalization::Never, AtomKind::Fuzzy);
    let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
    let letters = words.iter().map(|word| word.chars().count()).sum::<usize>() as u32;
    let mut matcher = Matcher::new(Scoring::DEFAULT);
    let mut chars = Vec::new();
    let mut found: Vec<(Worth, usize, Candidate)> = Vec::new();
    for mut candidate in all {
        let also = candidate.also();
        let whole = if also.is_empty() { candidate.text.clone() } else { format!("{} {also}", candidate.text) };
        let mut hits = Vec::new();
        let score = pattern.indices(Utf32Str::new(&whole, &mut chars), &mut matcher, &mut hits);
        let has = |text: &str| words.iter().all(|word| text.to_lowercase().contains(word));
        let (in_text, in_whole) = (has(&candidate.text), has(&whole));
        let begins = begun(&candidate.text, &words).max(begun(&whole, &words).min(WORD_BESIDE));
        let span = hits.iter().max().zip(hits.iter().min()).map_or(0, |(last, first)| last - first);
        let strewn = !in_whole && words.len() == 1 && span > letters + STREWN;
        // What ends the program is found by its words only: Enter may be pressed on what stands first.
        let astray = strewn || candidate.deed.ends_the_program() && begins == 0;
        let Some(score) = score.filter(|score| *score >= letters * LEAST_PER_LETTER && !astray) else { continue };
        let length = candidate.text.chars().count();
        candidate.hits = if in_text { places(&candidate.text, &words) } else { hits };
        candidate.hits.retain(|at| (*at as usize) < length);
        found.push(((in_text, in_whole, begins, score), length, candidate));
    }
    // Words and their beginnings come before letters here and there. The sort is stable: of equals the one that comes first in the tables.
    found.sort_by_key(|(worth, length, _)| (std::cmp::Reverse(*worth), *length));
    found.into_iter().take(most).map(|(_, _, candidate)| candidate).collect()
}

/// How well words begin words of a text: 3 if each is a whole one, 2 if each begins one, 0 if some does neither.
fn begun(text: &str, words: &[String]) -> u8 {
    let text = text.to_lowercase();
    let is_inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let one = |word: &String| {
        let places = text.match_indices(word.as_str()).filter(|(at, _)| !is_inside(text[..*at].chars().next_back()));
        let ends = |(at, found): (usize, &str)| if is_inside(text[at + found.len()..].chars().next()) { 2 } else { 3 };
        places.map(ends).max().unwrap_or(0)
    };
    words.iter().map(one).min().unwrap_or(0)
}

/// The most that a word counts which stands only in what is searched besides the text.
const WORD_BESIDE: u8 = 1;

/// Where whole words stand in a text, in characters.
fn places(text: &str, words: &[String]) -> Vec<u32> {
    let text = text.to_lowercase();
    let place = |word: &String| {
        let first = text.find(word.as_str()).map_or(0, |at| text[..at].chars().count() as u32);
        first..first + word.chars().count() as u32
    };
    words.iter().flat_map(place).collect()
}

/// The matcher gives 16 for a letter, more at the beginning of a word and in a row, less for gaps.
const LEAST_PER_LETTER: u32 = 14;
/// So many other letters may lie between those of one word; more, and it is strewn over a sentence.
const STREWN: u32 = 10;

fn actions(app: &App) -> impl Iterator<Item = Candidate> {
    // What has no words of its own (the other half of a pair) is found under its name; presets are found as such.
    BINDINGS.iter().filter(|b| !matches!(b.action, Action::Preset(_))).map(|b| {
        let text = if b.help.is_empty() { action_name(b.action).replace('-', " ") } else { b.help.to_owned() };
        Candidate::new(text, app.ui.keys.names(b), Deed::Act(b.action))
    })
}

/// A setting as a sentence names it: those of a term with the term.
fn label(control: &Control) -> String {
    control.term().map_or_else(|| control.label.to_owned(), |term| format!("{term} {}", control.label))
}

fn controls(app: &App) -> impl Iterator<Item = &'static Control> {
    app.controls().into_iter().map(|i| &CONTROLS[i])
}

/// Every setting with every value that has a name.
fn named_values(app: &App) -> Vec<Candidate> {
    let mut found = Vec::new();
    for control in controls(app) {
        let Some(spec) = control.spec() else { continue };
        let mut add = |value: Value| {
            let text = format!("{} → {}", label(control), shown(&value));
            found.push(Candidate::new(text, control.key, Deed::Set(control.key, value)));
        };
        match spec.range {
            Range::Bool => [true, false].map(Value::Boolean).into_iter().for_each(add),
            Range::OneOf(numbers) => numbers.iter().filter_map(|n| i64::try_from(*n).ok()).map(Value::Integer).for_each(add),
            Range::ChoiceOrFile { names, .. } => {
                names.iter().for_each(|name| add(Value::from(*name)));
                let own = app.scripts.iter().filter(|s| !names.contains(&s.as_str()));
                own.for_each(|script| add(Value::from(script.as_str())));
            }
            range => range.names().iter().for_each(|name| add(Value::from(*name))),
        }
    }
    found
}

/// Every setting, to type a value for.
fn edits(app: &App) -> impl Iterator<Item = Candidate> {
    let config = app.wanted();
    controls(app).map(move |control| {
        let now = config.get(control.key).map(|v| shown(&v)).unwrap_or_default();
        Candidate::new(format!("{} …", label(control)), format!("{} = {now}", control.key), Deed::Edit(control.key))
    })
}

/// The settings that take the number which has been typed.
fn numbers(app: &App, text: &str) -> Vec<Candidate> {
    let whole = text.parse::<i64>().map(Value::Integer).ok();
    let Some(value) = whole.or_else(|| text.parse::<f64>().map(Value::Float).ok()) else { return Vec::new() };
    let config = app.next_config();
    let made = |control: &'static Control| {
        let range = control.spec()?.range;
        let value = range.accept(&value).filter(|value| range != Range::Text && !value.is_str())?;
        config.with(&[(control.key.to_owned(), value.clone())]).ok()?;
        Some(Candidate::new(format!("{} → {text}", label(control)), control.key, Deed::Set(control.key, value)))
    };
    controls(app).filter_map(made).collect()
}

fn commands(app: &App) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    for (i, preset) in config::presets().iter().enumerate() {
        let key = app.ui.keys.name(Action::Preset(i));
        let line = format!("preset {}", preset.name.to_lowercase());
        found.push(Candidate::new(format!("preset {}", preset.name), key, Deed::Run(line)));
    }
    for (name, about) in theme::names().iter().zip(theme::words()) {
        found.push(Candidate::new(format!("theme {name}"), about, Deed::Run(format!("theme {name}"))));
    }
    for (name, _) in Notify::NAMES {
        found.push(Candidate::new(format!("notify {name}"), "when the run has ended", Deed::Run(format!("notify {name}"))));
    }
    for (name, arguments, does) in COMMANDS {
        let deed = if takes_more(name) { Deed::Begin(format!("{name} ")) } else { Deed::Run(name.to_owned()) };
        let text = if arguments.is_empty() { format!(":{name}") } else { format!(":{name} {arguments}") };
        found.push(Candidate::new(text, does, deed));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, train::Session, tui::theme::Theme};

    fn app() -> App {
        let (session, _link) = Session::pair(&Config::default());
        App::new(Theme::colour(), session.snapshot.load_full(), session.history.clone(), None)
    }

    fn found(text: &str) -> Vec<String> {
        candidates(&app(), text).into_iter().map(|c| c.text).collect()
    }

    #[test]
    fn a_few_letters_find_a_value_an_action_a_preset_a_command() {
        let first = |text: &str| found(text).into_iter().next().unwrap_or_default();
        assert_eq!(first("nce"), "estimator → infonce");
        assert_eq!(first("infonce"), "estimator → infonce");
        assert_eq!(first("freeze"), "freeze the view; training goes on");
        assert_eq!(first("l+g"), "preset DIM(L+G)");
        assert_eq!(first("light"), "theme light");
        assert_eq!(first("local concat"), "local critic → concat");
        assert_eq!(first("lr 0.01"), "learn rate → 0.01");
        assert_eq!(first("learn rate"), "learn rate …");
        assert!(found("chkpt").iter().any(|t| t.contains("checkpoint")), "{:?}", found("chkpt"));
        assert_eq!(found(""), Vec::<String>::new());
        assert_eq!(found("zzzzqq"), Vec::<String>::new());
    }

    #[test]
    fn a_word_or_its_beginning_comes_before_scattered_letters_and_never_the_end_of_the_program() {
        let ends = |text: &str| candidates(&app(), text).iter().any(|c| c.deed.ends_the_program());
        for text in ["cpu", "memory", "qt", "ile", "sve", "stp", "ckpt"] {
            assert!(!ends(text), "{text}: {:?}", found(text));
        }
        assert!(ends("quit") && ends("qui") && ends("quit while"), "{:?}", found("quit"));
        // 'weight' begins a word of these, and has its letters in others.
        let weight = found("weight");
        assert!(weight.iter().take(3).all(|t| t.to_lowercase().contains("weight")), "{weight:?}");
        // A whole word before the beginning of one, that before the middle of one.
        let words = |word: &str| vec![word.to_owned()];
        assert_eq!(["step", "steps on", "two-step", "footstep"].map(|text| begun(text, &words("step"))), [3, 2, 3, 0]);
        let first = found("pro").into_iter().next().unwrap_or_default();
        assert!(begun(&first, &words("pro")) > 0, "{:?}", found("pro"));
    }

    #[test]
    fn everything_there_is_can_be_found_by_its_own_name() {
        let app = app();
        let mut all = named_values(&app);
        all.extend(actions(&app));
        all.extend(edits(&app));
        all.extend(commands(&app));
        assert!(all.len() > 200, "{}", all.len());
        for binding in BINDINGS.iter().filter(|b| !matches!(b.action, Action::Preset(_))) {
            assert!(all.iter().any(|c| c.deed == Deed::Act(binding.action)), "{:?}", binding.action);
        }
        for control in controls(&app) {
            assert!(all.iter().any(|c| c.deed == Deed::Edit(control.key)), "{}", control.key);
        }
        for candidate in all {
            let found = candidates(&app, &candidate.text.replace(['→', '…'], " "));
            assert!(found.iter().any(|c| c.text == candidate.text), "'{}' is not among {found:#?}", candidate.text);
        }
    }

    #[test]
    fn what_was_typed_is_marked_in_the_text() {
        let first = &candidates(&app(), "nce")[0];
        let marked: String = first.hits.iter().filter_map(|i| first.text.chars().nth(*i as usize)).collect();
        assert_eq!(marked, "nce");
    }
}
