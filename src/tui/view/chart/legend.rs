//! The line that says which curve is which and what it reads, never wider than its place.

use std::{collections::BTreeSet, ops::Range};

use ratatui::{
    style::{Modifier, Style},
    text::{Line as Text, Span},
};
use unicode_width::UnicodeWidthStr;

use super::{Break, Line, Which, number};
use crate::tui::theme::Theme;

/// What a curve reads at the cursor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// No point at or before it in this segment.
    Nothing,
    /// Nothing finite in the column.
    NotFinite,
    /// The extremes of the column that holds the step; equal if it holds one value.
    Extremes(f64, f64),
}

/// Reads `line` at a place on the axis: the column holding it or else the last one before it, but not across a break.
pub fn read(line: &Line, x: f64, breaks: &[Break]) -> Reading {
    let before = line.columns.iter().rev().find(|c| c.x.0 <= x);
    match before {
        None => Reading::Nothing,
        Some(c) if breaks.iter().any(|b| c.last < b.step && b.x <= x) => Reading::Nothing,
        Some(c) if c.min.is_finite() && c.max.is_finite() => Reading::Extremes(c.min, c.max),
        Some(_) => Reading::NotFinite,
    }
}

impl Reading {
    fn text(self, name: impl Fn(f64) -> String) -> String {
        match self {
            Self::Nothing => "–".into(),
            Self::NotFinite => "NaN".into(),
            Self::Extremes(a, b) => {
                let (low, high) = (name(a), name(b));
                if low == high { low } else { format!("{low}…{high}") }
            }
        }
    }
}

/// One item: a sample of the curve, its name, its value.
#[derive(Debug, Clone)]
pub struct Entry {
    pub which: Which,
    /// The keys act on it.
    pub picked: bool,
    pub sample: &'static str,
    pub sample_style: Style,
    pub label: String,
    pub value: String,
    /// The value in fewer digits.
    pub short: String,
}

/// Glyphs of curves drawn with points, by the curve's place in the chart.
pub const POINTS: [&str; 6] = ["●", "◆", "▲", "■", "▼", "○"];

/// Samples of dashed curves, in the order of the patterns they are drawn with.
const DASHES: [&str; 3] = ["╍", "┉", "╺"];

/// The sign of what is hidden, in place of its sample.
const HIDDEN: &str = "·";

impl Entry {
    /// Of something hidden: its name in brackets, without a value.
    pub fn hidden(which: Which, picked: bool, label: &str, dim: Style) -> Self {
        let (value, short) = (String::new(), String::new());
        Self { which, picked, sample: HIDDEN, sample_style: dim, label: format!("({label})"), value, short }
    }
}

/// The entry of curve number `i` of the chart, the `dashes`-th dashed one if it is dashed.
pub fn entry(i: usize, dashes: usize, line: &Line, style: Style, cursor: Option<f64>, breaks: &[Break], unit: &str) -> Entry {
    let sample = match (line.points, line.dashed) {
        _ if line.run.is_some() => line.run.map_or("", |run| run.glyph),
        (true, _) => POINTS[i % POINTS.len()],
        (_, true) => DASHES[dashes % DASHES.len()],
        _ => "━",
    };
    let reading = match (cursor, line.last) {
        (Some(x), _) => read(line, x, breaks),
        (None, Some(v)) => Reading::Extremes(v, v),
        (None, None) => Reading::Nothing,
    };
    let value = reading.text(|v| number::with_unit(v, unit));
    let short = reading.text(|v| number::short(v, unit));
    Entry { which: Which::Line(i), picked: line.picked, sample, sample_style: style, label: line.label.into(), value, short }
}

/// How much of each entry is shown: columns between entries and for the label, and whether values are short.
#[derive(Debug, Clone, Copy)]
struct Fit {
    gap: usize,
    label: usize,
    short: bool,
}

impl Fit {
    fn width(self, e: &Entry) -> usize {
        let part = |w: usize| if w == 0 { 0 } else { w + 1 };
        e.sample.width() + part(e.label.width().min(self.label)) + part(self.value(e).width())
    }

    fn value(self, e: &Entry) -> &str {
        if self.short { &e.short } else { &e.value }
    }

    fn total(self, entries: &[Entry]) -> usize {
        entries.iter().map(|e| self.width(e) + self.gap).sum::<usize>().saturating_sub(self.gap)
    }

    /// Full entries if they fit, else short values, else cut labels (down to four columns). If that is still too wide, the
    /// last entries go.
    fn best(entries: &[Entry], width: usize) -> Self {
        let longest = entries.iter().map(|e| e.label.width()).max().unwrap_or(0);
        let full = Self { gap: 3, label: longest, short: false };
        // A cut label must still tell its curve from the others.
        let told_apart = |l: usize| {
            let cut: BTreeSet<String> = entries.iter().map(|e| number::fit(&e.label, l)).collect();
            let whole: BTreeSet<&str> = entries.iter().map(|e| &e.label[..]).collect();
            cut.len() == whole.len()
        };
        let shrunk = (0..=longest).rev().filter(|&l| l == longest || l >= 4 && told_apart(l));
        let shrunk = shrunk.map(|label| Self { gap: 2, label, short: true });
        // A number without its name says nothing: rather fewer curves.
        let fewer = Self { gap: 2, label: longest.min(5), short: true };
        std::iter::once(full).chain(shrunk).find(|f| f.total(entries) <= width).unwrap_or(fewer)
    }
}

/// The entries that have room, each with the columns that it takes; and whether some have none.
fn placed(entries: &[Entry], width: usize, fit: Fit) -> (Vec<Range<usize>>, bool) {
    let crowded = fit.total(entries) > width;
    let (mut places, mut used) = (Vec::new(), 0);
    for (i, e) in entries.iter().enumerate() {
        let from = used + if i == 0 { 0 } else { fit.gap };
        let rest = if crowded && i + 1 < entries.len() { 2 } else { 0 };
        if from + fit.width(e) + rest > width {
            return (places, true);
        }
        used = from + fit.width(e);
        places.push(from..used);
    }
    (places, false)
}

/// Which entry of a legend in `width` columns has column `at`.
pub fn entry_at(entries: &[Entry], width: usize, at: usize) -> Option<Which> {
    let (places, _) = placed(entries, width, Fit::best(entries, width));
    places.iter().position(|place| place.contains(&at)).map(|i| entries[i].which)
}

/// The legend in at most `width` columns: values and labels shrink first, then labels go, then the last entries (`…`).
pub fn legend(entries: &[Entry], width: usize, theme: &Theme) -> Text<'static> {
    let fit = Fit::best(entries, width);
    let (places, more) = placed(entries, width, fit);
    let (mut spans, mut used) = (Vec::new(), 0);
    for (e, place) in entries.iter().zip(&places) {
        spans.push(Span::raw(" ".repeat(place.start - used)));
        used = place.end;
        spans.push(Span::styled(e.sample, e.sample_style));
        let name = number::fit(&e.label, fit.label);
        if name.width() > 0 {
            spans.push(Span::raw(" "));
            spans.push(Span::styled(name, if e.picked { theme.selected } else { theme.dim }));
        }
        if fit.value(e).width() > 0 {
            spans.push(Span::styled(format!(" {}", fit.value(e)), theme.text.add_modifier(Modifier::BOLD)));
        }
    }
    if more && used + 2 <= width && !places.is_empty() {
        spans.push(Span::styled(" …", theme.dim));
    }
    Text::from(spans)
}
