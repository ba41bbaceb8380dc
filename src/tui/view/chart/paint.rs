//! Puts the parts of a chart on the screen: what is furthest back first.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::Line as Text,
    widgets::Widget,
};
use unicode_width::UnicodeWidthStr;

use crate::train::history::Axis;

use super::{
    Chart, Line, Parts, RunLine, Which,
    canvas::{Bitmap, Canvas},
    legend::{self, Entry},
    number,
    scale::{self, Scale},
    trace::{self, Frame},
};

/// Cells between the glyphs of a dense curve of another run.
const GLYPH_EVERY: u16 = 18;

/// A chart about to be drawn.
pub struct Painter<'a> {
    pub(super) chart: &'a Chart<'a>,
    pub(super) parts: Parts,
    x: (f64, f64),
    y: Option<Scale>,
}

impl<'a> Painter<'a> {
    pub fn new(chart: &'a Chart<'a>, parts: Parts) -> Self {
        let x = scale::span(chart.x);
        let scale = |counts: fn(&Line) -> bool| {
            let visible = chart.lines.iter().filter(|l| !l.hidden && counts(l)).flat_map(|l| &l.columns);
            let visible = visible.filter(|c| c.x.1 >= x.0 && c.x.0 <= x.1);
            Scale::new(chart.y, visible.flat_map(|c| [c.min, c.max]), chart.log_y)
        };
        // What is on another scale has the axis to itself if there is nothing else.
        let mut y = scale(|line| line.run.is_none_or(|run| !run.foreign)).or_else(|| scale(|_| true));
        if chart.y.is_none() {
            // A ceiling or chance close by belongs into the picture; one far away would only flatten the curves.
            y = chart.references.iter().filter(|r| !r.hidden).fold(y, |y, r| y.map(|y| y.reaching(r.value, 0.6)));
        }
        Self { chart, parts, x, y }
    }

    pub fn paint(&self, buf: &mut Buffer) {
        self.title(buf);
        for (area, entries) in self.legends() {
            legend::legend(&entries, area.width.into(), self.chart.theme).render(area, buf);
        }
        let Some(y) = self.y else { return self.nothing(buf) };
        self.axes(&y, buf);
        self.references(&y, buf);
        self.marks(buf);
        self.crosshair(buf);
        self.curves(y, buf);
        self.cursor_label(buf);
        self.mark_texts(buf);
    }

    /// The legends: where each is, and what is in it.
    fn legends(&self) -> Vec<(Rect, Vec<Entry>)> {
        let inner = |area: Rect| Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
        match (self.parts.legend, self.parts.runs) {
            (Some(own), Some(runs)) => {
                vec![(inner(own), self.entries(|line| line.run.is_none())), (inner(runs), self.run_entries())]
            }
            (Some(own), None) => vec![(inner(own), self.all_entries())],
            _ => Vec::new(),
        }
    }

    /// The legend entry at a cell of the screen.
    pub fn entry_at(&self, x: u16, y: u16) -> Option<Which> {
        let (area, entries) = self.legends().into_iter().find(|(area, _)| area.contains((x, y).into()))?;
        legend::entry_at(&entries, area.width.into(), usize::from(x - area.x))
    }

    fn style(&self, line: &Line) -> Style {
        if line.dim { line.style.add_modifier(Modifier::DIM) } else { line.style }
    }

    /// How many dashed curves come before `line`: each has a pattern of its own.
    fn dashes_before(&self, line: &Line) -> usize {
        self.chart.lines.iter().take_while(|l| !std::ptr::eq(*l, line)).filter(|l| l.dashed).count()
    }

    /// Where there is one line for all: other runs first, since they are what one has asked for.
    pub fn all_entries(&self) -> Vec<Entry> {
        let own = self.entries(|line| line.run.is_none());
        self.run_entries().into_iter().chain(own).collect()
    }

    fn run_entries(&self) -> Vec<Entry> {
        self.line_entries(|line| line.run.is_some())
    }

    fn line_entries(&self, wanted: impl Fn(&Line) -> bool) -> Vec<Entry> {
        let c = self.chart;
        let lines = c.lines.iter().enumerate().filter(|(_, l)| !l.label.is_empty() && wanted(l));
        lines
            .map(|(i, l)| match l.hidden {
                true => Entry::hidden(Which::Line(i), l.picked, l.label, c.theme.dim),
                false => {
                    let breaks = l.run.map_or(c.breaks, |r| r.breaks);
                    legend::entry(i, self.dashes_before(l), l, self.style(l), c.cursor, breaks, c.unit)
                }
            })
            .collect()
    }

    /// With the reference lines.
    fn entries(&self, wanted: impl Fn(&Line) -> bool) -> Vec<Entry> {
        let c = self.chart;
        let references = c.references.iter().enumerate().map(|(i, r)| {
            let which = Which::Reference(i);
            if r.hidden {
                return Entry::hidden(which, r.picked, r.label, c.theme.dim);
            }
            let arrow = match self.y.and_then(|y| y.fraction(r.value)) {
                Some(f) if f > 1.0 => " ↑",
                Some(f) if f < 0.0 => " ↓",
                _ => "",
            };
            Entry {
                which,
                picked: r.picked,
                sample: "┄",
                sample_style: r.style,
                label: r.label.into(),
                value: number::with_unit(r.value, c.unit) + arrow,
                short: number::short(r.value, c.unit) + arrow,
            }
        });
        self.line_entries(wanted).into_iter().chain(references).collect()
    }

    fn nothing(&self, buf: &mut Buffer) {
        let (plot, c) = (self.parts.plot, self.chart);
        let drawable = c.lines.iter().filter(|l| !l.hidden).any(|l| l.columns.iter().any(|k| k.max.is_finite()));
        let say = match (drawable, c.lines.iter().any(|l| l.hidden)) {
            (true, _) if c.log_y => "nothing above zero for a logarithmic axis",
            (false, true) => "all that could be shown is hidden",
            _ => &c.empty,
        };
        if plot.is_empty() {
            return;
        }
        let all = Rect { x: plot.x - self.parts.gutter, width: plot.width + self.parts.gutter, ..plot };
        let row = Rect { y: all.y + (all.height - 1) / 2, height: 1, ..all };
        Text::styled(number::fit(say, row.width.into()), c.theme.dim).centered().render(row, buf);
    }

    /// The row of the plot at height `f` (0 bottom, 1 top).
    fn row(&self, f: f64) -> Option<u16> {
        // By way of dots, so that a tick stands beside the dots of its value.
        let (plot, (_, down)) = (self.parts.plot, self.chart.marker.dots());
        let inside = (0.0..=1.0).contains(&f) && plot.height > 0;
        let dots = usize::from(plot.height) * down;
        inside.then(|| plot.y + (((1.0 - f) * (dots as f64 - 1.0)).round() as usize / down) as u16)
    }

    /// The screen column of a place on the axis.
    pub(super) fn column(&self, x: f64) -> Option<u16> {
        let (plot, (a, b)) = (self.parts.plot, self.x);
        let inside = x >= a && x <= b && plot.width > 0;
        inside.then(|| plot.x + (((x - a) / (b - a) * f64::from(plot.width)) as u16).min(plot.width - 1))
    }

    fn axes(&self, y: &Scale, buf: &mut Buffer) {
        let (plot, p) = (self.parts.plot, &self.parts);
        let (rule, label) = (self.chart.theme.border, self.chart.theme.axis);
        if p.gutter > 0 {
            for row in plot.rows() {
                put(buf, plot.x - 1, row.y, "│", rule);
            }
            let width = usize::from(p.gutter) - 2;
            for tick in y.ticks(plot.height, width, self.chart.unit == "%") {
                let Some(row) = self.row(tick.at.clamp(0.0, 1.0)) else { continue };
                put(buf, plot.x - 1, row, "┤", rule);
                put(buf, plot.x - 2 - tick.label.width() as u16, row, &tick.label, label);
            }
        }
        if let Some(area) = p.rule {
            let from = plot.x.saturating_sub(u16::from(p.gutter > 0));
            for x in from..plot.right() {
                put(buf, x, area.y, if x < plot.x { "└" } else { "─" }, rule);
            }
        }
        self.axis_name(buf);
        for tick in scale::place_ticks(self.chart.axis, self.x, plot.width) {
            let Some(x) = self.column(self.x.0 + tick.at * (self.x.1 - self.x.0)) else { continue };
            if let Some(area) = p.rule {
                put(buf, x, area.y, "┬", rule);
            }
            if let Some(area) = p.steps.filter(|a| tick.label.width() <= a.width.into()) {
                let left = x.saturating_sub(tick.label.width() as u16 / 2);
                let left = left.min(area.right().saturating_sub(tick.label.width() as u16)).max(area.x);
                put(buf, left, area.y, &tick.label, label);
            }
        }
    }

    /// What the axis counts in, below the labels of values, unless that is steps.
    fn axis_name(&self, buf: &mut Buffer) {
        let Some(area) = self.parts.steps else { return };
        let name = match (self.chart.axis, self.parts.gutter) {
            (Axis::Steps, _) | (_, 0) => return,
            (Axis::Time, 8..) => "time",
            (Axis::Time, _) => "t",
            (Axis::Epochs, 8..) => "epoch",
            (Axis::Epochs, _) => "ep.",
        };
        put(buf, area.x, area.y, name, self.chart.theme.axis);
    }

    fn references(&self, y: &Scale, buf: &mut Buffer) {
        for r in self.chart.references.iter().filter(|r| !r.hidden) {
            let Some(row) = y.fraction(r.value).and_then(|f| self.row(f)) else { continue };
            for x in self.parts.plot.left()..self.parts.plot.right() {
                put(buf, x, row, "┄", r.style);
            }
        }
    }

    fn marks(&self, buf: &mut Buffer) {
        let (plot, style) = (self.parts.plot, self.chart.theme.mark);
        for (place, _) in self.chart.marks {
            let Some(x) = self.column(*place) else { continue };
            for y in plot.top()..plot.bottom() {
                put(buf, x, y, "┆", style);
            }
            if let Some(area) = self.parts.rule {
                put(buf, x, area.y, "┴", style);
            }
        }
    }

    fn crosshair(&self, buf: &mut Buffer) {
        let style = self.chart.theme.dim.remove_modifier(Modifier::DIM);
        let Some(x) = self.chart.cursor.and_then(|s| self.column(s)) else { return };
        for y in self.parts.plot.top()..self.parts.plot.bottom() {
            put(buf, x, y, "│", style);
        }
    }

    fn curves(&self, y: Scale, buf: &mut Buffer) {
        let c = self.chart;
        let (across, down) = c.marker.dots();
        let (width, height) = (usize::from(self.parts.plot.width) * across, usize::from(self.parts.plot.height) * down);
        let mut canvas = Canvas::new(self.parts.plot, c.marker);
        // Other runs lie behind this one, before what stands back.
        let rank = |line: &Line| match (line.dim, line.run) {
            (true, _) => 0,
            (false, Some(_)) => 1,
            (false, None) => 2,
        };
        let mut order: Vec<&Line> = c.lines.iter().filter(|l| !l.hidden).collect();
        order.sort_by_key(|l| rank(l));
        for line in order {
            let frame = Frame { x: self.x, y, breaks: line.run.map_or(c.breaks, |run| run.breaks) };
            let mut map: Bitmap = trace::trace(&line.columns, &frame, width, height);
            if line.dashed {
                trace::dash(&mut map, self.dashes_before(line), c.marker.is_fine());
            }
            canvas.lay(&map, self.style(line), rank(line));
        }
        canvas.draw(buf);
        let points =
            |of_run: bool| c.lines.iter().enumerate().filter(move |(_, l)| l.points && !l.hidden && l.run.is_some() == of_run);
        for (i, line) in points(true).chain(points(false)) {
            self.points(i, line, &y, buf);
        }
    }

    /// A glyph at each column, if there is a cell between them; at the newest in any case. On a dense curve of another run a few, so
    /// that it can be told without its colour.
    fn points(&self, i: usize, line: &Line, y: &Scale, buf: &mut Buffer) {
        let place = |c: &crate::train::history::Column| {
            let x = self.column(c.x.0 / 2.0 + c.x.1 / 2.0)?;
            let value = if c.first == c.last { c.max } else { c.min / 2.0 + c.max / 2.0 };
            Some((x, self.row(y.fraction(value)?)?))
        };
        let places: Vec<(u16, u16)> = line.columns.iter().filter_map(place).collect();
        let crowded = places.len() * 2 > usize::from(self.parts.plot.width);
        let newest = places.len().saturating_sub(1);
        let glyph = line.run.map_or(legend::POINTS[i % legend::POINTS.len()], |run| run.glyph);
        for (at, &(x, row)) in places.iter().enumerate() {
            let here = |run: RunLine| (x.saturating_sub(self.parts.plot.x) + 3 * run.place as u16).is_multiple_of(GLYPH_EVERY);
            if !crowded || at == newest || line.run.is_some_and(here) {
                put(buf, x, row, glyph, self.style(line));
            }
        }
    }

    fn cursor_label(&self, buf: &mut Buffer) {
        let (Some(place), Some(area)) = (self.chart.cursor, self.parts.steps) else { return };
        let Some(x) = self.column(place) else { return };
        let label = number::place(self.chart.axis, place, self.x.1 - self.x.0);
        let label = number::fit(&format!(" {label}{} ", self.chart.cursor_note), area.width.into());
        let width = label.width() as u16;
        let left = x.saturating_sub(width / 2).min(area.right().saturating_sub(width)).max(area.x);
        // A label cut in half by this one would read as another number.
        blank_words(buf, area, left, left + width);
        put(buf, left, area.y, &label, self.chart.theme.cursor);
    }
}

/// Clears the words that reach into columns `from..to` of the row `area`.
fn blank_words(buf: &mut Buffer, area: Rect, from: u16, to: u16) {
    let blank = |buf: &Buffer, x: u16| buf.cell((x, area.y)).is_none_or(|c| c.symbol() == " ");
    let left = (area.left()..from).rev().take_while(|&x| !blank(buf, x)).last().unwrap_or(from);
    let right = (to..area.right()).take_while(|&x| !blank(buf, x)).last().map_or(to, |x| x + 1);
    for x in left..right {
        put(buf, x, area.y, " ", Style::new());
    }
}

/// Writes `text` at a place that must lie in the buffer, replacing what is there with its style.
pub(super) fn put(buf: &mut Buffer, x: u16, y: u16, text: &str, style: Style) {
    let Rect { x: left, y: top, .. } = buf.area;
    if x < left || y < top || x >= buf.area.right() || y >= buf.area.bottom() {
        return;
    }
    let width = text.width().min(usize::from(buf.area.right() - x)) as u16;
    for i in x..x + width {
        if let Some(cell) = buf.cell_mut((i, y)) {
            cell.reset();
        }
    }
    buf.set_stringn(x, y, text, width.into(), style);
}
