//! A chart of lines.

use std::fmt::Write;

use super::{
    Axis, Look, Panel, Scale,
    axis::Placed,
    decimate::decimate,
    legend::{self, Entry},
    look::{DIM, GRID, INK, MARK},
    panel::{escaped, fit, short, text},
};

const WIDTH: f64 = 500.0;
const LEFT: f64 = 50.0;
const RIGHT: f64 = 14.0;
const TITLE: f64 = 30.0;
const PLOT: f64 = 200.0;
const BOTTOM: f64 = 36.0;
/// Room around the plot for what lies on its edge.
const EDGE: f64 = 4.0;
const ACROSS: f64 = WIDTH - LEFT - RIGHT;
/// Above this many points markers would be a band.
const MOST_MARKERS: usize = 80;

/// One curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Empty: not in the legend.
    pub label: String,
    pub look: Look,
    /// In order of x. A value that is not finite is a gap.
    pub points: Vec<(f64, f64)>,
    /// Half the length of each point's error bar; shorter than `points`, or 0: none.
    pub errors: Vec<f64>,
    /// Few points, each worth a marker.
    pub markers: bool,
    /// The legend gives its last value.
    pub tells_last: bool,
}

impl Line {
    pub fn new(label: &str, look: Look, points: Vec<(f64, f64)>) -> Self {
        Self { label: label.into(), look, points, errors: Vec::new(), markers: false, tells_last: true }
    }

    #[must_use]
    pub fn marked(self) -> Self {
        Self { markers: true, ..self }
    }

    fn last(&self) -> Option<f64> {
        self.points.iter().rev().map(|p| p.1).find(|v| v.is_finite())
    }
}

/// A vertical line, told by its tooltip.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub x: f64,
    pub text: String,
}

/// A horizontal line to compare with.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub y: f64,
    /// Empty: without a name on the chart.
    pub label: String,
    pub look: Look,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chart {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub lines: Vec<Line>,
    pub marks: Vec<Mark>,
    pub references: Vec<Reference>,
    /// Tooltips along x: what holds around each place.
    pub readouts: Vec<(f64, String)>,
    /// Stands where nothing is to be drawn.
    pub empty: String,
}

struct Frame {
    x: Placed,
    y: Placed,
    top: f64,
}

impl Frame {
    /// A place within the plot, which begins `EDGE` outside of the axes.
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (EDGE + self.x.at(x), EDGE + PLOT - self.y.at(y))
    }
}

impl Chart {
    /// Draws it.
    pub fn panel(&self) -> Panel {
        let mut svg = String::new();
        text(
            &mut svg,
            0.0,
            16.0,
            &format!("font-size=\"13\" font-weight=\"600\" fill=\"{INK}\""),
            &fit(&self.title, 0.85 * WIDTH),
        );
        let rows = legend::draw(&mut svg, &self.entries(), 2.0, TITLE + 6.0, WIDTH - 4.0);
        let frame = self.frame(TITLE + legend::ROW * rows as f64 + 8.0);
        self.axes(&mut svg, &frame);
        let (width, height) = (ACROSS + 2.0 * EDGE, PLOT + 2.0 * EDGE);
        // An inner picture cuts off what leaves the plot.
        let _ =
            writeln!(svg, "<svg x=\"{}\" y=\"{}\" width=\"{width}\" height=\"{height}\">", LEFT - EDGE, short(frame.top - EDGE));
        self.references.iter().for_each(|r| reference(&mut svg, &frame, r));
        for mark in &self.marks {
            let x = short(frame.at(mark.x, 0.0).0);
            let _ = writeln!(
                svg,
                "<line x1=\"{x}\" x2=\"{x}\" y1=\"{EDGE}\" y2=\"{}\" stroke=\"{MARK}\" stroke-width=\"1\"/>",
                EDGE + PLOT
            );
        }
        // Few points, each worth a marker, lie over lines of many.
        for markers in [false, true] {
            self.lines.iter().filter(|l| l.markers == markers).for_each(|line| curve(&mut svg, &frame, line));
        }
        self.tooltips(&mut svg, &frame);
        svg.push_str("</svg>\n");
        if self.points().next().is_none() {
            let middle = format!("text-anchor=\"middle\" fill=\"{DIM}\"");
            text(&mut svg, LEFT + ACROSS / 2.0, frame.top + PLOT / 2.0, &middle, &self.empty);
        }
        Panel { title: self.title.clone(), width: WIDTH, height: frame.top + PLOT + BOTTOM, body: svg }
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.lines.iter().flat_map(|l| l.points.iter().copied()).filter(|p| p.1.is_finite())
    }

    fn entries(&self) -> Vec<Entry<'_>> {
        let percent = self.y.percent;
        let shown = |v: f64| if percent { super::percent(v) } else { super::value(v) };
        let named = self.lines.iter().filter(|l| !l.label.is_empty());
        named
            .map(|l| Entry {
                label: &l.label,
                value: l.last().filter(|_| l.tells_last).map(shown),
                look: l.look,
                marker: l.markers,
            })
            .collect()
    }

    fn frame(&self, top: f64) -> Frame {
        let low = self.lines.iter().flat_map(|l| l.points.iter().zip(l.errors.iter().chain(std::iter::repeat(&0.0))));
        let reach = low.filter(|(p, _)| p.1.is_finite()).flat_map(|(p, e)| [p.1 - e, p.1 + e]);
        let pad = if self.x.scale == Scale::Log2 { 0.03 } else { 0.0 };
        Frame { x: self.x.placed(self.points().map(|p| p.0), pad, ACROSS), y: self.y.placed(reach, 0.06, PLOT), top }
    }

    fn axes(&self, svg: &mut String, frame: &Frame) {
        let bottom = frame.top + PLOT;
        for (v, label) in self.y.marks(&frame.y, 5) {
            let y = bottom - frame.y.at(v);
            let _ = writeln!(
                svg,
                "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\" stroke=\"{GRID}\"/>",
                LEFT + ACROSS,
                y = short(y)
            );
            text(svg, LEFT - 7.0, y + 3.8, &format!("text-anchor=\"end\" fill=\"{DIM}\""), &label);
        }
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\" stroke=\"{MARK}\"/>",
            LEFT + ACROSS,
            y = short(bottom)
        );
        for (v, label) in self.x.marks(&frame.x, 6) {
            let x = LEFT + frame.x.at(v);
            let _ = writeln!(
                svg,
                "<line x1=\"{x}\" x2=\"{x}\" y1=\"{}\" y2=\"{}\" stroke=\"{MARK}\"/>",
                short(bottom),
                short(bottom + 4.0),
                x = short(x)
            );
            text(svg, x, bottom + 16.0, &format!("text-anchor=\"middle\" fill=\"{DIM}\""), &label);
        }
        text(svg, LEFT + ACROSS, bottom + 31.0, &format!("text-anchor=\"end\" fill=\"{DIM}\""), &self.x.label);
        text(svg, 0.0, bottom + 31.0, &format!("fill=\"{DIM}\""), &self.y.label);
    }

    /// What the pointer is told: what holds around it; on a mark, that.
    fn tooltips(&self, svg: &mut String, frame: &Frame) {
        let hidden = "fill=\"transparent\" pointer-events=\"all\"";
        let place = |i: usize| self.readouts.get(i).map(|r| frame.at(r.0, 0.0).0);
        for (i, (x, words)) in self.readouts.iter().enumerate() {
            let here = frame.at(*x, 0.0).0;
            let left = i.checked_sub(1).and_then(place).map_or(0.0, |before| 0.5 * (before + here));
            let right = place(i + 1).map_or(ACROSS + 2.0 * EDGE, |after| 0.5 * (after + here));
            let (width, height) = (short((right - left).max(0.0)), short(PLOT + 2.0 * EDGE));
            let _ = writeln!(
                svg,
                "<rect x=\"{}\" width=\"{width}\" height=\"{height}\" {hidden}><title>{}</title></rect>",
                short(left),
                escaped(words)
            );
        }
        for mark in &self.marks {
            let x = short(frame.at(mark.x, 0.0).0 - 4.0);
            let _ = writeln!(
                svg,
                "<rect class=\"mark\" x=\"{x}\" width=\"8\" height=\"{}\" {hidden}><title>{}</title></rect>",
                short(PLOT + 2.0 * EDGE),
                escaped(&mark.text)
            );
        }
    }
}

fn reference(svg: &mut String, frame: &Frame, reference: &Reference) {
    if !frame.y.holds(reference.y) {
        return;
    }
    let y = EDGE + PLOT - frame.y.at(reference.y);
    let _ = writeln!(
        svg,
        "<line x1=\"{EDGE}\" x2=\"{}\" y1=\"{y}\" y2=\"{y}\" {}/>",
        EDGE + ACROSS,
        reference.look.stroke(),
        y = short(y)
    );
    if !reference.label.is_empty() {
        let anchor = format!("text-anchor=\"end\" font-size=\"10\" fill=\"{DIM}\"");
        text(svg, EDGE + ACROSS - 2.0, y - 3.0, &anchor, &reference.label);
    }
}

fn curve(svg: &mut String, frame: &Frame, line: &Line) {
    let (mut from, mut to) = (f64::INFINITY, f64::NEG_INFINITY);
    line.points.iter().for_each(|p| (from, to) = (from.min(p.0), to.max(p.0)));
    let share = ((frame.x.at(to) - frame.x.at(from)) / 1.2).max(1.0);
    let points = if frame.x.is_linear() { decimate(&line.points, from, to, share as usize) } else { line.points.clone() };
    let mut path = String::new();
    let mut pen_up = true;
    for (x, y) in points {
        if !y.is_finite() {
            pen_up = true;
            continue;
        }
        let (x, y) = frame.at(x, y);
        let _ = write!(path, "{}{} {}", if pen_up { 'M' } else { 'L' }, short(x), short(y));
        pen_up = false;
    }
    if !path.is_empty() {
        // A point alone between two gaps is seen too: round ends make a dot of a line without length.
        let _ = writeln!(
            svg,
            "<path d=\"{}\" fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\" {}/>",
            dotted(&path),
            line.look.stroke()
        );
    }
    for (&(x, y), &error) in line.points.iter().zip(&line.errors).filter(|((_, y), e)| y.is_finite() && **e > 0.0) {
        let ((x, high), (_, low)) = (frame.at(x, y + error), frame.at(x, y - error));
        let (x0, x1, x) = (short(x - 3.0), short(x + 3.0), short(x));
        let (low, high) = (short(low), short(high));
        let _ = writeln!(
            svg,
            "<path d=\"M{x} {low}L{x} {high}M{x0} {low}L{x1} {low}M{x0} {high}L{x1} {high}\" fill=\"none\" {}/>",
            Look { dash: "", width: 1.1, ..line.look }.stroke()
        );
    }
    if line.markers && line.points.len() <= MOST_MARKERS {
        for &(x, y) in line.points.iter().filter(|p| p.1.is_finite()) {
            let (x, y) = frame.at(x, y);
            let _ = writeln!(svg, "<circle cx=\"{}\" cy=\"{}\" r=\"2.6\" fill=\"{}\"/>", short(x), short(y), line.look.colour);
        }
    }
}

/// A path in which a move that no line follows draws a dot.
fn dotted(path: &str) -> String {
    let parts = path.split('M').skip(1);
    parts.map(|part| if part.contains('L') { format!("M{part}") } else { format!("M{part}h0") }).collect()
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
