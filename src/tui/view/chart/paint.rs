//! Puts the parts of a chart on the screen: what is furthest back first.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line as Text, Span},
    widgets::Widget,
};
use unicode_width::UnicodeWidthStr;

use super::{
    Chart, Line, Marker, Parts, RunLine,
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
    chart: &'a Chart<'a>,
    parts: Parts,
    x: (f64, f64),
    y: Option<Scale>,
}

impl<'a> Painter<'a> {
    pub fn new(chart: &'a Chart<'a>, parts: Parts) -> Self {
        let x = scale::span(chart.x);
        let visible = chart.lines.iter().flat_map(|l| &l.columns);
        let visible = visible.filter(|c| c.last as f64 >= x.0 && c.first as f64 <= x.1);
        let data = visible.flat_map(|c| [c.min, c.max]);
        let mut y = Scale::new(chart.y, data, chart.log_y);
        if chart.y.is_none() {
            // A ceiling or chance close by belongs into the picture; one far away would only flatten the curves.
            y = chart.hline.iter().fold(y, |y, (v, ..)| y.map(|y| y.reaching(*v, 0.6)));
        }
        Self { chart, parts, x, y }
    }

    pub fn paint(&self, buf: &mut Buffer) {
        self.title(buf);
        let (text, dim) = (self.chart.theme.text, self.chart.theme.dim);
        let legend = |area: Rect, entries: &[Entry], buf: &mut Buffer| {
            let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
            legend::legend(entries, inner.width.into(), text, dim).render(inner, buf);
        };
        match (self.parts.legend, self.parts.runs) {
            (Some(own), Some(runs)) => {
                legend(own, &self.entries(|line| line.run.is_none()), buf);
                legend(runs, &self.run_entries(), buf);
            }
            (Some(own), None) => legend(own, &self.all_entries(), buf),
            _ => {}
        }
        let Some(y) = self.y else { return self.nothing(buf) };
        self.axes(&y, buf);
        self.references(&y, buf);
        self.marks(buf);
        self.crosshair(buf);
        self.curves(y, buf);
        self.cursor_label(buf);
    }

    fn style(&self, line: &Line) -> Style {
        if line.dim { line.style.add_modifier(Modifier::DIM) } else { line.style }
    }

    /// How many dashed curves come before `line`: each has a pattern of its own.
    fn dashes_before(&self, line: &Line) -> usize {
        self.chart.lines.iter().take_while(|l| !std::ptr::eq(*l, line)).filter(|l| l.dashed).count()
    }

    /// Where there is one line for all: other runs first, since they are what one has asked for.
    fn all_entries(&self) -> Vec<Entry> {
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
            .map(|(i, l)| {
                legend::entry(i, self.dashes_before(l), l, self.style(l), c.cursor, l.run.map_or(c.breaks, |r| r.breaks), c.unit)
            })
            .collect()
    }

    /// With the reference lines.
    fn entries(&self, wanted: impl Fn(&Line) -> bool) -> Vec<Entry> {
        let c = self.chart;
        let references = c.hline.iter().map(|(v, style, label)| {
            let arrow = match self.y.and_then(|y| y.fraction(*v)) {
                Some(f) if f > 1.0 => " ↑",
                Some(f) if f < 0.0 => " ↓",
                _ => "",
            };
            Entry {
                sample: "┄",
                sample_style: *style,
                label: (*label).into(),
                value: number::with_unit(*v, c.unit) + arrow,
                short: number::short(*v, c.unit) + arrow,
            }
        });
        self.line_entries(wanted).into_iter().chain(references).collect()
    }

    /// `── Loss · nats ─────────`; where there is no legend the values stand at the right end.
    fn title(&self, buf: &mut Buffer) {
        let Some(area) = self.parts.title else { return };
        let (c, theme) = (self.chart, self.chart.theme);
        let (rule, name) = if c.focused { (theme.accent, theme.accent) } else { (theme.border, theme.title) };
        // One column free at the right: panels side by side stay apart.
        let width = usize::from(area.width) - 1;
        let mut head = vec![Span::styled("─ ", rule)];
        let title = number::fit(c.title, width.saturating_sub(4));
        let mut used = 2 + title.width();
        head.push(Span::styled(title, name));
        let unit = if matches!(c.unit, "" | "%") { String::new() } else { format!(" · {}", c.unit) };
        if used + unit.width() + 2 <= width {
            used += unit.width();
            head.push(Span::styled(unit, theme.dim));
        }
        let mut values = Text::default();
        if self.parts.legend.is_none() && width > used + 8 {
            values = legend::legend(&self.all_entries(), width - used - 5, theme.text, theme.dim);
        }
        let tail = if values.width() > 0 { values.width() + 3 } else { 0 };
        head.push(Span::styled(format!(" {}", "─".repeat(width.saturating_sub(used + 1 + tail))), rule));
        if tail > 0 {
            head.push(Span::raw(" "));
            head.extend(values.spans);
            head.push(Span::styled(" ─", rule));
        }
        Text::from(head).render(area, buf);
    }

    fn nothing(&self, buf: &mut Buffer) {
        let (plot, c) = (self.parts.plot, self.chart);
        let drawable = c.lines.iter().any(|l| l.columns.iter().any(|k| k.max.is_finite()));
        let say = if drawable && c.log_y { "nothing above zero for a logarithmic axis" } else { c.empty };
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

    /// The screen column of `step`.
    fn column(&self, step: f64) -> Option<u16> {
        let (plot, (a, b)) = (self.parts.plot, self.x);
        let inside = step >= a && step <= b && plot.width > 0;
        inside.then(|| plot.x + (((step - a) / (b - a) * f64::from(plot.width)) as u16).min(plot.width - 1))
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
        for tick in scale::step_ticks(self.x, plot.width) {
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

    fn references(&self, y: &Scale, buf: &mut Buffer) {
        for (value, style, _) in &self.chart.hline {
            let Some(row) = y.fraction(*value).and_then(|f| self.row(f)) else { continue };
            for x in self.parts.plot.left()..self.parts.plot.right() {
                put(buf, x, row, "┄", *style);
            }
        }
    }

    fn marks(&self, buf: &mut Buffer) {
        let (plot, style) = (self.parts.plot, self.chart.theme.mark);
        for mark in self.chart.marks {
            let Some(x) = self.column(mark.step as f64) else { continue };
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
        let mut order: Vec<&Line> = c.lines.iter().collect();
        order.sort_by_key(|l| rank(l));
        for line in order {
            let frame = Frame { x: self.x, y, breaks: line.run.map_or(c.breaks, |run| run.breaks) };
            let mut map: Bitmap = trace::trace(&line.columns, &frame, width, height);
            if line.dashed {
                trace::dash(&mut map, self.dashes_before(line), c.marker == Marker::Braille);
            }
            canvas.lay(&map, self.style(line), rank(line));
        }
        canvas.draw(buf);
        let points = |of_run: bool| c.lines.iter().enumerate().filter(move |(_, l)| l.points && l.run.is_some() == of_run);
        for (i, line) in points(true).chain(points(false)) {
            self.points(i, line, &y, buf);
        }
    }

    /// A glyph at each column, if there is a cell between them; at the newest in any case. On a dense curve of another run a few, so
    /// that it can be told without its colour.
    fn points(&self, i: usize, line: &Line, y: &Scale, buf: &mut Buffer) {
        let place = |c: &crate::train::history::Column| {
            let x = self.column(c.first as f64 / 2.0 + c.last as f64 / 2.0)?;
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
        let (Some(step), Some(area)) = (self.chart.cursor, self.parts.steps) else { return };
        let Some(x) = self.column(step) else { return };
        let label = number::fit(&format!(" {} ", number::steps(step)), area.width.into());
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
fn put(buf: &mut Buffer, x: u16, y: u16, text: &str, style: Style) {
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
