//! The event log: what was asked, done, refused and noticed, oldest first.

use super::{filter::Filter, prompt::Prompt, view::text::grouped};

/// What a line is about; decides its sign and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sent to the trainer, no answer yet.
    Requested,
    /// In force.
    Accepted,
    Refused,
    Checkpoint,
    Probe,
    File,
    Note,
    Warning,
    Error,
}

impl Kind {
    /// One character that tells the kind without colour.
    pub fn sign(self) -> &'static str {
        match self {
            Kind::Requested => "…",
            Kind::Accepted => "✓",
            Kind::Refused => "✗",
            Kind::Checkpoint => "■",
            Kind::Probe => "◆",
            Kind::File => "≡",
            Kind::Note => "·",
            Kind::Warning | Kind::Error => "!",
        }
    }

    /// The word by which a filter finds lines of the kind.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Requested => "requested",
            Kind::Accepted => "accepted change",
            Kind::Refused => "refused",
            Kind::Checkpoint => "checkpoint",
            Kind::Probe => "probe",
            Kind::File => "file",
            Kind::Note => "note",
            Kind::Warning => "warning",
            Kind::Error => "error",
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub step: u64,
    pub kind: Kind,
    pub text: String,
    /// The request it tells of.
    pub request: Option<u64>,
}

/// More than anyone scrolls back; the journal on disk has all of them.
const MOST: usize = 2000;

/// The lines, and how far back the user looks.
#[derive(Debug, Clone, Default)]
pub struct Log {
    entries: Vec<Entry>,
    /// Entries below the last one shown; 0: the newest is in view.
    pub back: usize,
    /// What the view in full shows of them.
    pub filter: Filter,
    /// As `back`, of the lines that the filter lets through.
    pub filtered_back: usize,
}

impl Log {
    pub fn push(&mut self, step: u64, kind: Kind, text: impl Into<String>) {
        self.add(Entry { step, kind, text: text.into(), request: None });
    }

    /// A line that [`Log::answer`] will change.
    pub fn request(&mut self, step: u64, text: impl Into<String>, id: u64) {
        self.add(Entry { step, kind: Kind::Requested, text: text.into(), request: Some(id) });
    }

    fn add(&mut self, entry: Entry) {
        if self.entries.len() == MOST {
            self.entries.remove(0);
        }
        self.entries.push(entry);
        if self.back > 0 {
            self.back += 1;
        }
        if self.filtered_back > 0 && self.entries.last().is_some_and(|entry| self.shows(entry)) {
            self.filtered_back += 1;
        }
    }

    /// The line of request `id` says that it is in force from `step` on. While steps stand still at an earlier one, as `still` says, that
    /// is where the line stands, before what happens next; the step to come is told in words.
    pub fn accepted(&mut self, id: u64, step: u64, still: Option<u64>) {
        let still = still.filter(|still| *still < step);
        if let (Some(_), Some(entry)) = (still, self.entries.iter_mut().rev().find(|e| e.request == Some(id))) {
            entry.text = format!("{}, from step {} on", entry.text, grouped(step));
        }
        self.answer(id, still.unwrap_or(step), Kind::Accepted, None);
    }

    /// The line of request `id` becomes its answer. A reason is added to the text.
    pub fn answer(&mut self, id: u64, step: u64, kind: Kind, reason: Option<&str>) {
        if let Some(entry) = self.entries.iter_mut().rev().find(|e| e.request == Some(id)) {
            entry.step = step;
            entry.kind = kind;
            entry.request = None;
            if let Some(reason) = reason {
                entry.text = format!("{} refused: {reason}", entry.text);
            }
        }
    }

    /// Looks further back (positive) or nearer.
    pub fn scroll(&mut self, by: isize) {
        self.back = self.back.saturating_add_signed(by).min(self.entries.len().saturating_sub(1));
    }

    /// Other words for the view in full; it begins at the newest line.
    pub fn filtered(&mut self, words: Prompt) {
        self.filter.prompt = words;
        self.filtered_back = 0;
    }

    fn shows(&self, entry: &Entry) -> bool {
        self.filter.is_empty() || self.filter.lets(&format!("{} {}", entry.kind.name(), entry.text))
    }

    /// The lines of the view in full, oldest first.
    pub fn shown(&self) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| self.shows(entry)).collect()
    }

    /// As [`Log::scroll`], in the view in full.
    pub fn scroll_filtered(&mut self, by: isize) {
        self.filtered_back = self.filtered_back.saturating_add_signed(by).min(self.shown().len().saturating_sub(1));
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}
