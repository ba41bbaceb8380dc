//! The chart: many curves over steps, time or epochs, drawn from minima and maxima so that no spike is lost.
//!
//! ```text
//! ── Mutual information · nats ────────────────     title rule
//!  ━ held-out 2.31   ╍ training 2.87                 legend: current values, or those at the cursor
//!  ◇ other-run 1.98                                  a second one, of other runs laid over the chart
//!    3 ┤        ⢀⡠⠤⠒⠉                                gutter │ plot, marks ┆, cursor │
//!    2 ┤   ⡠⠔⠊⠁ ┆
//!    0 ┤⡠⠊      ┆
//!      └┬────────┬────────
//!       0       500
//! ```
//! With little height the legend goes first, then the labels of the axis; with little width the gutter.

mod canvas;
mod legend;
mod marks;
mod number;
mod paint;
mod scale;
#[cfg(test)]
mod tests;
mod title;
mod trace;

use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

pub use canvas::Marker;
#[cfg(test)]
pub use legend::POINTS;
pub use number::{fit, place as place_label, steps as step_label, value as value_label, with_unit};
pub use title::Tag;

use super::super::theme::Theme;
use crate::train::history::{Axis, Column, Mark};

/// One curve.
#[derive(Debug, Clone, Default)]
pub struct Line<'a> {
    /// Empty: not in the legend.
    pub label: &'a str,
    pub style: Style,
    pub dashed: bool,
    /// Stands back: drawn behind the others and dimmed.
    pub dim: bool,
    /// From [`crate::train::History::over`], best asked for with [`columns`] columns.
    pub columns: Vec<Column>,
    /// The newest value, for the legend.
    pub last: Option<f64>,
    /// A glyph at each column as well (for sparse curves), as long as they stand apart; always at the newest.
    pub points: bool,
    /// Of another run, laid behind those of this chart; what it is drawn with besides its colour, here and there.
    pub run: Option<RunLine<'a>>,
    /// In the legend only, and marked there.
    pub hidden: bool,
    /// Its legend entry stands out: the keys act on it.
    pub picked: bool,
}

/// What is different about a curve of another run.
#[derive(Debug, Clone, Copy)]
pub struct RunLine<'a> {
    pub glyph: &'static str,
    /// Its own breaks.
    pub breaks: &'a [Break],
    /// Columns of the plot by which its glyphs are shifted against those of other runs.
    pub place: usize,
    /// On another scale: the axis is that of the other curves, and this one may leave the chart.
    pub foreign: bool,
}

/// Where a curve begins anew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Break {
    /// The step before which something took effect.
    pub step: u64,
    /// Its place on the axis.
    pub x: f64,
}

/// A horizontal line that curves are to be compared with. Out of view the legend points to where it is.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a> {
    pub value: f64,
    pub style: Style,
    pub label: &'a str,
    pub hidden: bool,
    pub picked: bool,
}

/// What a legend entry is of, by its place in the chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Line(usize),
    Reference(usize),
}

/// A chart of curves.
#[derive(Debug, Clone)]
pub struct Chart<'a> {
    pub title: &'a str,
    /// What the title says besides, as far as there is room.
    pub tags: &'a [Tag],
    /// Later curves are drawn over earlier ones, all over the dim ones.
    pub lines: Vec<Line<'a>>,
    pub axis: Axis,
    /// Both ends of the axis.
    pub x: (f64, f64),
    /// Lowest and highest value shown; `None`: those of the visible data, with some room.
    pub y: Option<(f64, f64)>,
    pub log_y: bool,
    /// Changes, each a vertical line at its place on the axis.
    pub marks: &'a [(f64, Mark)],
    /// Says what the marks at the crosshair are.
    pub tells_marks: bool,
    /// Curves are not joined across these.
    pub breaks: &'a [Break],
    /// Place of the crosshair; the legend then reads the curves there.
    pub cursor: Option<f64>,
    /// What is to be said of that place besides.
    pub cursor_note: &'a str,
    /// `"nats"`, `""`, or `"%"`: values are shares in [0, 1] then, and shown times a hundred.
    pub unit: &'a str,
    /// What to say while there is nothing to draw.
    pub empty: String,
    pub focused: bool,
    pub marker: Marker,
    pub theme: &'a Theme,
    pub references: Vec<Reference<'a>>,
}

/// Where the parts of a chart are; depends on the area alone, so that stacked charts line up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    title: Option<Rect>,
    legend: Option<Rect>,
    /// The legend of other runs, if there are any.
    runs: Option<Rect>,
    plot: Rect,
    /// Labels of values and the axis, left of the plot; may be empty.
    gutter: u16,
    /// The axis below the plot.
    rule: Option<Rect>,
    /// Labels of places on it.
    steps: Option<Rect>,
}

fn parts(area: Rect, with_runs: bool) -> Parts {
    let gutter = match area.width {
        0..18 => 0,
        18..36 => 6,
        _ => 8,
    };
    let has = |least: u16| area.height >= least;
    let (title, legend, rule, steps) = (has(3), has(6), has(9), has(5));
    let runs = with_runs && has(8);
    let above = u16::from(title) + u16::from(legend) + u16::from(runs);
    let below = u16::from(rule) + u16::from(steps);
    let row = |y: u16| Rect { y, height: 1, ..area };
    let right = u16::from(area.width >= 36);
    let plot = Rect {
        x: area.x.saturating_add(gutter),
        y: area.y.saturating_add(above),
        width: area.width.saturating_sub(gutter + right),
        height: area.height.saturating_sub(above + below),
    };
    Parts {
        title: title.then(|| row(area.y)),
        legend: legend.then(|| row(area.y + 1)),
        runs: runs.then(|| row(area.y + 2)),
        plot,
        gutter,
        rule: rule.then(|| row(plot.bottom())),
        steps: steps.then(|| row(plot.bottom() + u16::from(rule))),
    }
}

/// The cells that curves are drawn in when a chart is given `area`; with a legend of other runs it begins a row lower.
pub fn plot_area(area: Rect) -> Rect {
    parts(area, false).plot
}

/// How many columns to ask [`crate::train::History::over`] for: two to a cell of the plot.
pub fn columns(area: Rect) -> usize {
    usize::from(plot_area(area).width) * 2
}

/// The place on the axis under the screen column `column` of a chart in `area` showing `x` (clamped to the plot).
pub fn place_at(area: Rect, x: (f64, f64), column: u16) -> f64 {
    let (plot, (a, b)) = (plot_area(area), scale::span(x));
    if plot.width == 0 {
        return a;
    }
    let cell = f64::from(column.clamp(plot.left(), plot.right() - 1) - plot.x) + 0.5;
    a + (b - a) * cell / f64::from(plot.width)
}

impl Chart<'_> {
    /// The legend entry that is drawn at a cell of the screen when the chart is given `area`.
    pub fn entry_at(&self, area: Rect, (x, y): (u16, u16)) -> Option<Which> {
        paint::Painter::new(self, self.parts(area)).entry_at(x, y)
    }

    /// All entries of the legends, in their order.
    pub fn entries(&self, area: Rect) -> Vec<Which> {
        paint::Painter::new(self, self.parts(area)).all_entries().iter().map(|entry| entry.which).collect()
    }

    fn parts(&self, area: Rect) -> Parts {
        parts(area, self.lines.iter().any(|line| line.run.is_some()))
    }
}

impl Widget for Chart<'_> {
    fn render(self, area: Rect, buf: &mut Buffer) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        paint::Painter::new(&self, self.parts(area)).paint(buf);
    }
}
