//! What the charts of a training show: losses, information in nats, probe accuracy. Those of the arena are in `arena.rs`.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use super::{
    arena,
    chart::{self, Chart, Line},
    overlay,
};
use crate::{
    config::{Locations, Mode},
    train::history::{Mark, Series},
    tui::app::{App, ChartId, Panel},
};

pub fn draw(app: &App, id: ChartId, area: Rect, buf: &mut Buffer) {
    draw_with(app, id, area, &[], buf);
}

/// The same with lines at heights that the curves are to be compared with.
pub fn draw_with(app: &App, id: ChartId, area: Rect, lines: &[(f64, Style, &'static str)], buf: &mut Buffer) {
    let mut marks = app.history.marks();
    // Only losses begin anew with another objective.
    let breaks = if id == ChartId::Loss { app.history.swaps() } else { Vec::new() };
    let mut curves = curves_of(app, id, area.width);
    let others = overlay::laid(app);
    let chosen = if others.is_empty() { None } else { overlay::chosen(app, id, &others) };
    marks.extend(overlay::fork_mark(app));
    if let Some(chosen) = chosen.filter(|_| overlay::are_many(&others)) {
        curves = vec![overlay::own(app, chosen)];
    }
    let mut shown = own_lines(app, &curves, area, &breaks);
    if let Some(chosen) = chosen {
        shown.extend(overlay::lines(app, chosen, &others, app.x_range(), chart::columns(area)));
    }
    let (mut title, y) = title_and_range(app, id, &curves, &shown);
    if app.smooths() && shown.iter().any(|line| !line.points && !line.label.is_empty()) {
        title += ", smoothed";
    }
    if let Some(chosen) = chosen {
        title += &overlay::title(app, id, chosen, &others);
    }
    let mut chart = build(app, id, &title, (shown, y), &marks, &breaks);
    chart.hline.extend(lines);
    chart.render(area, buf);
}

/// The step under a column of the screen.
pub fn step_at(app: &App, area: Rect, column: u16) -> f64 {
    let x = app.x_range();
    chart::step_at(area, x, column).round().clamp(x.0, x.1)
}

/// A curve of a chart: what it is called, where it comes from, how it looks.
pub(in crate::tui) struct Curve {
    /// Empty: not named in the legend.
    pub label: Cow<'static, str>,
    pub series: Series,
    pub style: Style,
    pub dashed: bool,
    pub dim: bool,
    /// Few points, each worth a marker.
    pub points: bool,
}

impl Curve {
    /// A bound or a truth: it has no noise to be smoothed away.
    fn is_reference(&self) -> bool {
        matches!(self.series, Series::CeilingLocal | Series::CeilingGlobal | Series::Truth | Series::ArenaCeiling)
    }
}

/// The curves of a chart, whatever is trained.
pub(in crate::tui) fn curves_of(app: &App, id: ChartId, columns: u16) -> Vec<Curve> {
    if app.live.config.has_encoder() { curves(app, id, columns) } else { arena::curves(app, id, columns) }
}

fn curves(app: &App, id: ChartId, columns: u16) -> Vec<Curve> {
    let t = &app.theme;
    let name = |long: &'static str, short: &'static str| if columns < 76 { short } else { long };
    // Up to six names in one legend: those of two terms take a wider chart.
    let (narrow, wide) = if app.history.len(Series::MiGlobal) > 0 { (100, 120) } else { (76, 120) };
    let long = |long: &'static str, middle: &'static str, short: &'static str| match columns {
        c if c < narrow => short,
        c if c < wide => middle,
        _ => long,
    };
    // A term has the same colour on every chart. What is a reading of a few points is solid, whatever its colour.
    let solid = |label: &'static str, series, style| {
        let style = t.curve(style).style;
        Curve { label: label.into(), series, style, dashed: false, dim: false, points: false }
    };
    let curve = |label, series, style| Curve { dashed: t.curve(style).dashed, ..solid(label, series, style) };
    match id {
        ChartId::Loss => vec![
            curve("total", Series::Loss, 4),
            curve(name("local", "L"), Series::LossLocal, 0),
            curve(name("global", "G"), Series::LossGlobal, 1),
            curve(name("prior", "P"), Series::LossPrior, 2),
            Curve { dim: true, ..curve(name("discriminator", "D"), Series::LossDiscriminator, 3) },
        ],
        ChartId::Information => vec![
            Curve { points: true, ..solid(long("local held-out", "L held-out", "L val"), Series::HeldoutLocal, 0) },
            Curve { points: true, ..solid(long("global held-out", "G held-out", "G val"), Series::HeldoutGlobal, 1) },
            // The one number under jsd that is certain, and often the only one that is not cut off.
            Curve {
                points: true,
                dashed: true,
                ..solid(long("local guaranteed", "L guaranteed", "L min"), Series::GuaranteedLocal, 0)
            },
            Curve {
                points: true,
                dashed: true,
                ..solid(long("global guaranteed", "G guaranteed", "G min"), Series::GuaranteedGlobal, 1)
            },
            Curve { dim: true, ..solid(long("local training", "L train", "L tr"), Series::MiLocal, 0) },
            Curve { dim: true, ..solid(long("global training", "G train", "G tr"), Series::MiGlobal, 1) },
            Curve {
                dashed: true,
                style: t.reference,
                ..solid(long("local ceiling", "L ceiling", "L max"), Series::CeilingLocal, 0)
            },
            Curve {
                dashed: true,
                style: t.reference,
                ..solid(long("global ceiling", "G ceiling", "G max"), Series::CeilingGlobal, 0)
            },
        ],
        ChartId::Accuracy => vec![
            Curve { points: true, ..solid("conv", Series::AccuracyConv, 0) },
            Curve { points: true, ..solid("fc", Series::AccuracyFc, 1) },
            Curve { points: true, ..solid("Y", Series::AccuracyY, 2) },
            Curve { points: true, ..curve(if columns < 100 { "kNN" } else { "kNN on Y" }, Series::AccuracyKnn, 3) },
        ],
        ChartId::Bias | ChartId::Deviation => Vec::new(),
    }
}

/// The curve's newest value up to `until`; `None` if it has ended, as that of a term that was switched off. Curves of probes
/// keep their last reading.
fn newest(app: &App, curve: &Curve, until: u64) -> Option<f64> {
    let (step, value) = app.history.at(curve.series, until)?;
    let (recorded, _) = app.history.at(Series::Loss, until).unwrap_or((step, value));
    (curve.points || step >= recorded).then_some(value)
}

/// True of a guarantee that the newest probe does not give any more, as after a swap from jsd: it does not stand beside the other
/// names as if it held.
fn gone(app: &App, curve: &Curve, until: u64) -> bool {
    let guarantee = matches!(curve.series, Series::GuaranteedLocal | Series::GuaranteedGlobal);
    let step = |series| app.history.at(series, until).map(|(step, _)| step);
    guarantee && step(curve.series) < step(Series::AccuracyY)
}

/// The curves of the present run. With smoothing, those of every step are smoothed, and what they were lies dimmed behind them; of a
/// dimmed curve the smoothed one takes the place.
fn own_lines<'a>(app: &App, curves: &'a [Curve], area: Rect, breaks: &[u64]) -> Vec<Line<'a>> {
    let (x, columns) = (app.x_range(), chart::columns(area));
    let line = |c: &'a Curve| Line {
        label: if gone(app, c, x.1 as u64) { "" } else { &c.label },
        style: c.style,
        dashed: c.dashed,
        dim: c.dim,
        columns: app.history.columns(c.series, x.0, x.1, columns),
        last: newest(app, c, x.1 as u64),
        points: c.points,
        run: None,
    };
    let both = |c: &'a Curve| {
        let raw = line(c);
        if !app.smooths() || c.points || c.is_reference() {
            return vec![raw];
        }
        let smoothed = app.history.smoothed(c.series, x.0, x.1, columns, breaks);
        let last = raw.last.and(smoothed.last()).map(|column| column.max).filter(|value| value.is_finite());
        let behind = Line { label: "", dim: true, dashed: false, last: None, ..raw.clone() };
        let front = Line { columns: smoothed, last, ..raw };
        if c.dim { vec![front] } else { vec![front, behind] }
    };
    curves.iter().filter(|c| app.history.len(c.series) > 0).flat_map(both).collect()
}

/// What a chart of these curves is called, and the range of values it shows, if that is not all of theirs.
fn title_and_range(app: &App, id: ChartId, curves: &[Curve], lines: &[Line]) -> (String, Option<(f64, f64)>) {
    let (log_y, arena) = (app.log_axis.contains(&id), !app.live.config.has_encoder());
    let y = match id {
        ChartId::Accuracy => Some((0.0, top(lines))),
        _ if arena && !log_y => arena::range(id, curves, lines),
        ChartId::Information if !log_y => cut_below(lines),
        _ => None,
    };
    let local = &app.live.config.objective.local;
    if arena {
        return (arena::title(id).into(), y);
    }
    if id == ChartId::Information && local.mode != Mode::Off && local.locations == Locations::Any {
        return ("Information; local: a contrastive score, not a bound".into(), y);
    }
    if let (ChartId::Information, Some((_, top))) = (id, y) {
        let seen = lines.iter().flat_map(|l| &l.columns).any(|c| c.max >= FLOOR && c.max <= top);
        return (if seen { "Mutual information, cut at −5" } else { "Mutual information, all below −5 as yet" }.into(), y);
    }
    (words(app, id).0.into(), y)
}

fn build<'a>(
    app: &'a App,
    id: ChartId,
    title: &'a str,
    (lines, y): (Vec<Line<'a>>, Option<(f64, f64)>),
    marks: &'a [Mark],
    breaks: &'a [u64],
) -> Chart<'a> {
    let x = app.x_range();
    let (_, unit, empty) = words(app, id);
    let chance = app.history.at(Series::Chance, x.1 as u64).filter(|_| id == ChartId::Accuracy);
    let hline = chance.map(|(_, v)| (v, app.theme.reference, "chance")).into_iter().collect();
    Chart {
        title,
        lines,
        x,
        y,
        log_y: app.log_axis.contains(&id),
        marks,
        breaks,
        cursor: app.cursor.map(|c| c.step),
        unit,
        empty,
        focused: app.focus == Panel::Chart(id),
        marker: app.marker,
        theme: &app.theme,
        hline,
    }
}

/// Title, unit, and what to say while there is nothing to draw.
fn words(app: &App, id: ChartId) -> (&'static str, &'static str, &'static str) {
    match id {
        ChartId::Loss => ("Loss", "", "the first step is on its way"),
        ChartId::Information => ("Mutual information", "nats", "estimates come with the first step"),
        ChartId::Accuracy if app.live.config.probe.every == 0 => ("Probe accuracy", "%", "probe.every is 0: p takes a probe now"),
        ChartId::Accuracy if app.live.step > 0 => ("Probe accuracy", "%", "nothing probed here yet: p takes a probe now"),
        ChartId::Accuracy => ("Probe accuracy", "%", "the first probe is on its way"),
        ChartId::Bias | ChartId::Deviation => (arena::title(id), "nats", "estimates come with the first step"),
    }
}

/// Lowest estimate in nats that is drawn to scale.
const FLOOR: f64 = -5.0;

/// A range that cuts off what lies below [`FLOOR`]: a critic that is not trained yet reads e^score nats below zero, beside
/// which nothing else would be seen. `None` if nothing lies there; the legend and the crosshair tell the values all the same.
fn cut_below(lines: &[Line]) -> Option<(f64, f64)> {
    let columns = || lines.iter().flat_map(|l| &l.columns);
    if !columns().any(|c| c.min < FLOOR) {
        return None;
    }
    let most = columns().map(|c| c.max).filter(|m| m.is_finite()).fold(0.0, f64::max);
    Some((FLOOR, (most * 1.1).max(1.0)))
}

/// The upper end of an axis of shares that starts at 0: the next fifth.
fn top(lines: &[Line]) -> f64 {
    let most = lines.iter().flat_map(|l| &l.columns).map(|c| c.max).fold(0.0, f64::max);
    ((most * 5.0 + 1e-9).ceil() / 5.0).clamp(0.2, 1.0)
}
