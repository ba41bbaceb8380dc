//! What the charts of a training show: losses, information in nats, probe accuracy. Those of the arena are in `arena.rs`.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect, style::Style, widgets::Widget};

use super::{
    arena,
    chart::{self, Break, Chart, Line, Reference, Tag, Which},
    overlay,
    text::grouped,
};
use crate::{
    config::{Locations, Mode},
    train::history::{Axis, Mark, Series},
    tui::{
        app::{App, ChartId, Panel},
        sight::Entry,
    },
};

pub fn draw(app: &App, id: ChartId, area: Rect, buf: &mut Buffer) {
    draw_with(app, id, area, &[], buf);
}

/// The same with lines at heights that the curves are to be compared with.
pub fn draw_with(app: &App, id: ChartId, area: Rect, lines: &[(f64, Style, &'static str)], buf: &mut Buffer) {
    with_chart(app, id, area, lines, |chart, _| chart.render(area, buf));
}

/// The legend entry that is drawn at a cell of the screen.
pub fn entry_at(app: &App, id: ChartId, area: Rect, at: (u16, u16)) -> Option<Entry> {
    with_chart(app, id, area, &[], |chart, entry| chart.entry_at(area, at).map(entry))
}

/// The entries of a chart's legend with their names.
pub fn entries(app: &App, id: ChartId, area: Rect) -> Vec<(Entry, String)> {
    with_chart(app, id, area, &[], |chart, entry| {
        let name = |which| match which {
            Which::Line(i) => chart.lines[i].label.to_owned(),
            Which::Reference(i) => chart.references[i].label.to_owned(),
        };
        chart.entries(area).into_iter().map(|which| (entry(which), name(which))).collect()
    })
}

/// Makes a chart, and what its legend entries stand for.
fn with_chart<T>(
    app: &App,
    id: ChartId,
    area: Rect,
    lines: &[(f64, Style, &'static str)],
    f: impl FnOnce(Chart, &dyn Fn(Which) -> Entry) -> T,
) -> T {
    let axis = app.sight.axis;
    let place = |step: u64| app.history.place(axis, step as f64);
    let marks = app.history.marks().into_iter().chain(overlay::fork_mark(app));
    let marks: Vec<(f64, Mark)> = marks.map(|mark| (place(mark.step), mark)).collect();
    // Only losses begin anew with another objective.
    let swaps = if id == ChartId::Loss { app.history.swaps() } else { Vec::new() };
    let breaks: Vec<Break> = swaps.iter().map(|&step| Break { step, x: place(step) }).collect();
    let mut curves = curves_of(app, id, area.width);
    let others = overlay::laid(app);
    let chosen = if others.is_empty() { None } else { overlay::chosen(app, id, &others) };
    if let Some(chosen) = chosen.filter(|_| overlay::are_many(&others)) {
        curves = vec![overlay::own(app, chosen)];
    }
    let mut drawn = own_lines(app, id, &curves, area, &swaps);
    if let Some(chosen) = chosen {
        drawn.extend(overlay::lines(app, id, chosen, &others, chart::columns(area)));
    }
    let (entries, mut shown): (Vec<Entry>, Vec<Line>) = drawn.into_iter().unzip();
    for (line, entry) in shown.iter_mut().zip(&entries) {
        line.hidden |= app.sight.hides(id, *entry);
        line.picked = app.sight.picked == Some((id, *entry));
    }
    let (title, y, cut) = title_and_range(app, id, &curves, &shown);
    let mut tags: Vec<Tag> = app.range_words().map(|words| Tag::new(words, "")).into_iter().collect();
    tags.extend(overlay::axis_tag(&shown));
    tags.extend(chosen.map(|chosen| overlay::tag(app, id, chosen, &others)));
    tags.extend(chosen.and_then(|_| overlay::without_axis(app, &others)));
    tags.extend(cut);
    // What stands last is left out last: that the curves are not what was measured.
    if app.smooths() && shown.iter().any(|line| !line.points && !line.hidden && !line.label.is_empty()) {
        tags.push(Tag::new("smoothed", "smooth"));
    }
    let note = cursor_note(app);
    let chart = build(app, id, (title, &tags), (shown, y), (&marks, &breaks), &note);
    let chart = Chart { references: references(app, id, lines), ..chart };
    let entry = |which| match which {
        Which::Line(i) => entries[i],
        Which::Reference(i) => Entry::Reference(i),
    };
    f(chart, &entry)
}

/// The lines at heights: chance, and what a view compares with.
fn references<'a>(app: &App, id: ChartId, lines: &[(f64, Style, &'a str)]) -> Vec<Reference<'a>> {
    let chance = app.history.at(Series::Chance, app.shown_until()).filter(|_| id == ChartId::Accuracy);
    let chance = chance.map(|(_, v)| (v, app.theme.reference, "chance"));
    let all = chance.iter().chain(lines).enumerate();
    let reference = |(i, &(value, style, label)): (usize, &(f64, Style, &'a str))| {
        let entry = Entry::Reference(i);
        let picked = app.sight.picked == Some((id, entry));
        Reference { value, style, label, hidden: app.sight.hides(id, entry), picked }
    };
    all.map(reference).collect()
}

/// At a crosshair that does not count in steps, the step of this run, as far as it has come.
fn cursor_note(app: &App) -> String {
    let Some(cursor) = app.cursor.filter(|_| app.sight.axis != Axis::Steps) else { return String::new() };
    let step = app.step_at(cursor.x);
    if step <= app.shown().step { format!(" · step {}", grouped(step)) } else { String::new() }
}

/// What the wheel zooms about at a column of the screen: at the last one the newest that is shown, so that it stays in view.
pub fn edge_or_place_at(app: &App, area: Rect, column: u16) -> f64 {
    if column + 1 >= chart::plot_area(area).right() { app.x_range().1 } else { chart::place_at(area, app.x_range(), column) }
}

/// The place on the axis under a column of the screen; a whole step, if it counts in steps.
pub fn place_at(app: &App, area: Rect, column: u16) -> f64 {
    let x = app.x_range();
    let place = chart::place_at(area, x, column);
    if app.sight.axis == Axis::Steps { place.round().clamp(x.0, x.1) } else { place }
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

/// What hides and shows a curve: the raw estimates of the arena go with their means.
fn entry_of(curve: &Curve) -> Entry {
    Entry::Curve(match curve.series {
        Series::Estimate(i) => Series::MeanEstimate(i),
        series => series,
    })
}

/// The curves of the present run. With smoothing, those of every step are smoothed, and what they were lies dimmed behind them; of a
/// dimmed curve the smoothed one takes the place.
fn own_lines<'a>(app: &App, id: ChartId, curves: &'a [Curve], area: Rect, swaps: &[u64]) -> Vec<(Entry, Line<'a>)> {
    let grid = app.history.grid(app.sight.axis, app.x_range(), chart::columns(area));
    let until = app.shown_until();
    let line = |c: &'a Curve| Line {
        label: if gone(app, c, until) { "" } else { &c.label },
        style: c.style,
        dashed: c.dashed,
        dim: c.dim,
        points: c.points,
        last: newest(app, c, until),
        ..Line::default()
    };
    let lines = |c: &'a Curve| {
        if app.sight.hides(id, entry_of(c)) {
            return vec![line(c)];
        }
        if !app.smooths() || c.points || c.is_reference() {
            return vec![Line { columns: app.history.over(c.series, &grid), ..line(c) }];
        }
        let (raw, smoothed) = app.history.raw_and_smoothed(c.series, &grid, swaps);
        let now = line(c);
        let last = now.last.and(smoothed.last()).map(|column| column.max).filter(|value| value.is_finite());
        let behind = Line { label: "", dim: true, dashed: false, last: None, columns: raw, ..now.clone() };
        let front = Line { columns: smoothed, last, ..now };
        if c.dim { vec![front] } else { vec![front, behind] }
    };
    let there = curves.iter().filter(|c| app.history.len(c.series) > 0);
    there.flat_map(|c| lines(c).into_iter().map(|line| (entry_of(c), line))).collect()
}

/// What a chart of these curves is called; the range of values it shows, if that is not all of theirs; and what is to be said of it.
fn title_and_range(app: &App, id: ChartId, curves: &[Curve], lines: &[Line]) -> (&'static str, Option<(f64, f64)>, Option<Tag>) {
    let (log_y, arena) = (app.log_axis.contains(&id), !app.live.config.has_encoder());
    let y = match id {
        ChartId::Accuracy => Some((0.0, top(lines))),
        _ if arena && !log_y => arena::range(id, curves, lines),
        ChartId::Information if !log_y => cut_below(lines),
        _ => None,
    };
    let local = &app.live.config.objective.local;
    if arena {
        return (arena::title(id), y, None);
    }
    if id == ChartId::Information && local.mode != Mode::Off && local.locations == Locations::Any {
        return ("Information; local: a contrastive score, not a bound", y, None);
    }
    let cut = y.filter(|_| id == ChartId::Information).map(|(_, top)| {
        let seen = lines.iter().flat_map(|l| &l.columns).any(|c| c.max >= FLOOR && c.max <= top);
        let (long, short) = if seen { ("cut at −5", "cut at −5") } else { ("all below −5 as yet", "all below −5") };
        Tag::new(long, short)
    });
    (words(app, id).0, y, cut)
}

fn build<'a>(
    app: &'a App,
    id: ChartId,
    (title, tags): (&'a str, &'a [Tag]),
    (lines, y): (Vec<Line<'a>>, Option<(f64, f64)>),
    (marks, breaks): (&'a [(f64, Mark)], &'a [Break]),
    cursor_note: &'a str,
) -> Chart<'a> {
    let (x, (_, unit, empty)) = (app.x_range(), words(app, id));
    let focused = app.focus == Panel::Chart(id);
    Chart {
        title,
        tags,
        lines,
        axis: app.sight.axis,
        x,
        y,
        log_y: app.log_axis.contains(&id),
        marks,
        // On one chart only: the one looked at, or the first.
        tells_marks: focused || (!matches!(app.focus, Panel::Chart(_)) && id == app.charts()[0]),
        breaks,
        // One that is out of sight reads nothing.
        cursor: app.cursor.map(|c| c.x).filter(|at| (x.0..=x.1).contains(at)),
        cursor_note,
        unit,
        empty: app.ui.keys.said(empty),
        focused,
        marker: app.ui.marker,
        theme: &app.theme,
        references: Vec::new(),
    }
}

/// Title, unit, and what to say while there is nothing to draw.
fn words(app: &App, id: ChartId) -> (&'static str, &'static str, &'static str) {
    match id {
        ChartId::Loss => ("Loss", "", "the first step is on its way"),
        ChartId::Information => ("Mutual information", "nats", "estimates come with the first step"),
        ChartId::Accuracy if app.live.probing.is_some() => ("Probe accuracy", "%", "a probe is being fitted"),
        ChartId::Accuracy if app.live.config.probe.every == 0 => {
            ("Probe accuracy", "%", "probe.every is 0: {probe} takes a probe now")
        }
        ChartId::Accuracy if app.live.step > 0 => ("Probe accuracy", "%", "nothing probed here yet: {probe} takes a probe now"),
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
