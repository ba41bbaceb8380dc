//! A few words typed to see only what has them: the settings, the lines of the log, of the help.

use super::{app::App, controls::CONTROLS, prompt::Prompt};

/// The words, and the line in which they are typed.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub prompt: Prompt,
}

impl Filter {
    pub fn words(&self) -> &str {
        self.prompt.text().trim()
    }

    pub fn is_empty(&self) -> bool {
        self.words().is_empty()
    }

    /// True if all the words are somewhere in the text, in any order and case.
    pub fn lets(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.words().to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// A filter with whether words are being typed into it.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    pub filter: Filter,
    pub typing: bool,
}

impl Lookup {
    /// True while its line is to be seen.
    pub fn is_open(&self) -> bool {
        self.typing || !self.filter.is_empty()
    }
}

impl App {
    /// The settings in the list: those of this run that the filter lets through.
    pub fn listed(&self) -> Vec<usize> {
        let mut found = self.controls();
        if !self.filter.is_empty() {
            found.retain(|i| {
                let control = &CONTROLS[*i];
                let doc = control.spec().map_or("", |k| k.doc);
                self.filter.lets(&format!("{} {} {doc}", control.label, control.key))
            });
        }
        found
    }

    /// The selected setting, if it is in the list.
    pub fn picked(&self) -> Option<usize> {
        Some(self.selected).filter(|i| self.filter.is_empty() || self.listed().contains(i))
    }
}
