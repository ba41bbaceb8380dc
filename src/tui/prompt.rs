//! One line of text being typed: a command, or a value.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest, backend::crossterm::to_input_request};

use super::palette::Candidate;
use crate::config;

/// The line, with what is wrong about it and what it could become.
#[derive(Debug, Clone, Default)]
pub struct Prompt {
    pub input: Input,
    /// Why it would be refused as it stands.
    pub error: Option<String>,
    /// What Tab could complete it to.
    pub candidates: Vec<&'static str>,
    /// The text is the value there was: the first character typed replaces it.
    pub fresh: bool,
    /// Place in the history of commands, counted from the newest; 0: not in it.
    pub back: usize,
    /// What a command line has found, best first.
    pub found: Vec<Candidate>,
    /// The one that the arrows have led to.
    pub chosen: Option<usize>,
}

impl Prompt {
    pub fn with(text: String) -> Self {
        Self { input: Input::new(text), fresh: true, ..Self::default() }
    }

    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// A key that edits the line. True if the text changed.
    pub fn edit(&mut self, key: KeyEvent) -> bool {
        self.candidates.clear();
        let typed = matches!(key.code, KeyCode::Char(_)) && (key.modifiers - KeyModifiers::SHIFT).is_empty();
        if std::mem::take(&mut self.fresh) && typed {
            self.input.reset();
        }
        to_input_request(&crossterm::event::Event::Key(key))
            .and_then(|request| self.input.handle(request))
            .is_some_and(|changed| changed.value)
    }

    /// Pasted text; only its first line, without control characters.
    pub fn paste(&mut self, text: &str) {
        if std::mem::take(&mut self.fresh) {
            self.input.reset();
        }
        for c in text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).take(4096) {
            self.input.handle(InputRequest::InsertChar(c));
        }
    }

    /// The one found that Enter would run: the one chosen, else the first, unless the line is a command itself.
    pub fn pointed(&self) -> Option<usize> {
        let own = || Some(0).filter(|_| !is_command(self.text()));
        self.chosen.or_else(own).filter(|at| *at < self.found.len())
    }

    /// Completes the last word of a command line as far as it is certain.
    pub fn complete(&mut self) {
        let text = self.text().to_owned();
        let start = text.rfind([' ', '=']).map_or(0, |i| i + 1);
        let word = &text[start..];
        self.candidates = candidates(&text[..start]).into_iter().filter(|c| c.starts_with(word)).collect();
        let Some(first) = self.candidates.first() else { return };
        let common = self
            .candidates
            .iter()
            .fold(first.len(), |n, c| first.bytes().zip(c.bytes()).take_while(|(a, b)| a == b).count().min(n));
        // Candidates are ASCII, so every byte is a character boundary.
        let mut done = format!("{}{}", &text[..start], first.get(..common).unwrap_or(word));
        if let [only] = self.candidates[..] {
            done.push_str(if start == 0 {
                " "
            } else if config::key(only).is_some() {
                "="
            } else {
                ""
            });
            self.candidates.clear();
        }
        self.input = Input::new(done);
    }
}

/// The commands of the `:` line, with what follows them.
pub const COMMANDS: [(&str, &str, &str); 14] = [
    ("set", "KEY=VALUE …", "change settings, all at once or none"),
    ("preset", "dim(g) | dim(l) | dim(l+g)", "one of the paper's objectives"),
    ("w", "[FILE]", "save the settings; the file is watched from then on (w! into one that is there)"),
    ("theme", "colour-blind | dark | light | mono", "other colours, until the program ends"),
    ("notify", "off | bell | osc9", "what tells that a run has ended"),
    ("checkpoint", "", "save a checkpoint now"),
    ("probe", "", "take a probe now"),
    ("pause", "", "pause training"),
    ("resume", "", "resume training"),
    ("restart", "", "a new run with the present settings"),
    ("lesson", "", "the lesson, or the log in its place"),
    ("tour", "", "the first steps again: cards that point at the parts of the screen"),
    ("help", "", "the keys"),
    ("q", "", "quit"),
];

/// Other names of commands, with those of the table.
const ALIASES: [(&str, &str); 5] = [("se", "set"), ("write", "w"), ("w!", "w"), ("write!", "w"), ("quit", "q")];

/// The line of the table for a command, by whichever of its names.
fn command(name: &str) -> Option<&'static (&'static str, &'static str, &'static str)> {
    let own = ALIASES.iter().find(|(alias, _)| *alias == name).map_or(name, |(_, own)| own);
    const { &COMMANDS }.iter().find(|(known, ..)| *known == own)
}

/// True for a command that has something after it.
pub fn takes_more(name: &str) -> bool {
    command(name).is_some_and(|(_, arguments, _)| !arguments.is_empty())
}

/// True if the line is a command, whatever may be wrong with what follows it.
pub fn is_command(line: &str) -> bool {
    let line = line.trim();
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    command(name).is_some() && (rest.is_empty() || takes_more(name))
}

fn candidates(before: &str) -> Vec<&'static str> {
    let mut words = before.split_whitespace();
    match words.next() {
        None => COMMANDS.iter().map(|c| c.0).collect(),
        Some("set") => match before.strip_suffix('=').and_then(|b| b.rsplit(' ').next()).and_then(config::key) {
            Some(key) => key.range.names().to_vec(),
            None => config::keys().iter().map(|k| k.name).collect(),
        },
        Some(name) => match command(name) {
            Some((_, arguments, _)) if arguments.contains(" | ") => arguments.split(" | ").collect(),
            _ => Vec::new(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::{theme, ui::Notify};

    fn completed(text: &str) -> String {
        let mut prompt = Prompt::with(text.into());
        prompt.complete();
        prompt.text().to_owned()
    }

    #[test]
    fn the_commands_name_what_there_is() {
        let about = |name: &str| COMMANDS.iter().find(|c| c.0 == name).map(|c| c.1);
        assert_eq!(about("theme"), Some(&*theme::names().join(" | ")));
        assert_eq!(about("notify"), Some(&*Notify::NAMES.map(|n| n.0).join(" | ")));
    }

    #[test]
    fn a_command_is_known_by_all_its_names() {
        for (line, known) in
            [("w! x.toml", true), ("write", true), ("se a=1", true), ("quit", true), ("quit now", false), ("wr", false)]
        {
            assert_eq!(is_command(line), known, "{line}");
        }
    }

    #[test]
    fn tab_completes_commands_keys_and_values() {
        assert_eq!(completed("ch"), "checkpoint ");
        assert_eq!(completed("set objective.est"), "set objective.estimator=");
        assert_eq!(completed("set objective.estimator=info"), "set objective.estimator=infonce");
        assert_eq!(completed("set objective.local.w"), "set objective.local.weight=");
        assert_eq!(completed("notify o"), "notify o");
        assert_eq!(completed("notify os"), "notify osc9");
        assert_eq!(completed("preset dim(l+"), "preset dim(l+g)");
        assert_eq!(completed("set nothing"), "set nothing");
        assert_eq!(completed("set α"), "set α");
    }
}
