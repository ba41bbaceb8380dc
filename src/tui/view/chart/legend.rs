//! The line that says which curve is which and what it reads, never wider than its place.

use ratatui::{
    style::{Modifier, Style},
    text::{Line as Text, Span},
};
use unicode_width::UnicodeWidthStr;

use super::{Line, number, trace::crosses};

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

/// Reads `line` at `step`: the column holding it or else the last one before it, but not across a break.
pub fn read(line: &Line, step: f64, breaks: &[u64]) -> Reading {
    let before = line.columns.iter().rev().find(|c| c.first as f64 <= step);
    match before {
        None => Reading::Nothing,
        Some(c) if breaks.iter().any(|&b| crosses(&[b], c.last, step.max(0.0) as u64)) => Reading::Nothing,
        Some(c) if c.min.is_finite() && c.max.is_finite() => Reading::Extremes(c.min, c.max),
        Some(_) => Reading::NotFinite,
    }
}

impl Reading {
    fn text(self, unit: &str) -> String {
        match self {
            Self::Nothing => "–".into(),
            Self::NotFinite => "NaN".into(),
            Self::Extremes(a, b) => {
                let (low, high) = (number::with_unit(a, unit), number::with_unit(b, unit));
                if low == high { low } else { format!("{low}…{high}") }
            }
        }
    }
}

/// One item: a sample of the curve, its name, its value.
#[derive(Debug, Clone)]
pub struct Entry {
    pub sample: &'static str,
    pub sample_style: Style,
    pub label: String,
    pub value: String,
}

/// Glyphs of curves drawn with points, by the curve's place in the chart.
pub const POINTS: [&str; 6] = ["●", "◆", "▲", "■", "▼", "○"];

/// The entry of curve number `i`; `dashes` counts dashed curves before it.
pub fn entry(i: usize, line: &Line, style: Style, cursor: Option<f64>, breaks: &[u64], unit: &str) -> Entry {
    let sample = match (line.points, line.dashed) {
        (true, _) => POINTS[i % POINTS.len()],
        (_, true) => "╍",
        _ => "━",
    };
    let value = match (cursor, line.last) {
        (Some(step), _) => read(line, step, breaks).text(unit),
        (None, Some(v)) => number::with_unit(v, unit),
        (None, None) => "–".into(),
    };
    Entry { sample, sample_style: style, label: line.label.into(), value }
}

/// The legend in at most `width` columns: labels shrink first, then go, then the last entries go (`…`).
pub fn legend(entries: &[Entry], width: usize, text: Style, dim: Style) -> Text<'static> {
    let longest = entries.iter().map(|e| e.label.width()).max().unwrap_or(0);
    let total = |label: usize| entries.iter().map(|e| entry_width(e, label) + 3).sum::<usize>().saturating_sub(3);
    let label = (0..=longest).rev().find(|&l| (l == 0 || l >= 3 || l == longest) && total(l) <= width);
    let (mut spans, mut used) = (Vec::new(), 0);
    for (i, e) in entries.iter().enumerate() {
        let label = label.unwrap_or(0);
        let gap = if i == 0 { 0 } else { 3 };
        let rest = if i + 1 < entries.len() && total(label) > width { 2 } else { 0 };
        if used + gap + entry_width(e, label) + rest > width {
            if used + 2 <= width && i > 0 {
                spans.push(Span::styled(" …", dim));
            }
            break;
        }
        used += gap + entry_width(e, label);
        spans.push(Span::raw(" ".repeat(gap)));
        spans.push(Span::styled(e.sample, e.sample_style));
        let name = number::fit(&e.label, label);
        if !name.is_empty() {
            spans.push(Span::styled(format!(" {name}"), dim));
        }
        if !e.value.is_empty() {
            spans.push(Span::styled(format!(" {}", e.value), text.add_modifier(Modifier::BOLD)));
        }
    }
    Text::from(spans)
}

fn entry_width(e: &Entry, label: usize) -> usize {
    let part = |w: usize| if w == 0 { 0 } else { w + 1 };
    e.sample.width() + part(e.label.width().min(label)) + part(e.value.width())
}
