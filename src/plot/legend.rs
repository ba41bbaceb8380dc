//! The names of a chart's lines, in rows under its title.

use std::fmt::Write;

use super::{
    Look,
    look::{DIM, INK},
    panel::{breadth, escaped, fit, short},
};

/// Height of a row of names.
pub(super) const ROW: f64 = 16.0;
const SAMPLE: f64 = 22.0;
const GAP: f64 = 14.0;

/// One name.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub label: &'a str,
    /// The newest value, dimmed.
    pub value: Option<String>,
    pub look: Look,
    pub marker: bool,
}

/// Draws the names from (`left`, `top`) on within `width`; how many rows they take.
pub(super) fn draw(svg: &mut String, entries: &[Entry], left: f64, top: f64, width: f64) -> usize {
    let (mut x, mut row) = (0.0, 0);
    for entry in entries {
        let label = fit(entry.label, width - SAMPLE - 5.0);
        let value = entry.value.as_deref().unwrap_or_default();
        let length = SAMPLE + 5.0 + breadth(&label) + 5.0 + breadth(value);
        if x > 0.0 && x + length > width {
            (x, row) = (0.0, row + 1);
        }
        let (at, y) = (left + x, top + ROW * row as f64);
        let _ = write!(
            svg,
            "<line x1=\"{}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\" {}/>",
            short(at),
            short(at + SAMPLE),
            entry.look.stroke(),
            y = short(y)
        );
        if entry.marker {
            let _ = write!(
                svg,
                "<circle cx=\"{}\" cy=\"{}\" r=\"2.6\" fill=\"{}\"/>",
                short(at + SAMPLE / 2.0),
                short(y),
                entry.look.colour
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" fill=\"{INK}\">{}<tspan dx=\"5\" fill=\"{DIM}\">{}</tspan></text>",
            short(at + SAMPLE + 5.0),
            short(y + 3.8),
            escaped(&label),
            escaped(value)
        );
        x += length + GAP;
    }
    if entries.is_empty() { 0 } else { row + 1 }
}
