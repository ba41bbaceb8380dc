//! Other runs on the charts of this one: one curve each, behind its own.
//!
//! With up to two of them the present run keeps all its curves; with more it has one too, the same as theirs, since a chart holds only so
//! many colours. The title says which curve that is, and where comparing it means nothing.

use ratatui::style::Style;

use super::{
    chart::{Break, Line, RunLine, Tag},
    charts::Curve,
};
use crate::{
    config::{Mode, script_label},
    train::history::{Column, Mark, Series},
    tui::{
        app::{App, ChartId},
        runs::overlay::{Curves, Estimators, GLYPHS, Overlay, names_over},
        sight::Entry,
    },
};

/// Up to so many overlaid runs leave the present one all its curves.
const FEW: usize = 2;

/// Styles in the order of their places: those first that the curves of the present run leave free.
const STYLES: [usize; GLYPHS.len()] = [5, 6, 1, 2, 3, 4];

/// The curve of a chart that stands for a run, and its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub series: Series,
    pub name: &'static str,
    /// Few points, each worth a marker.
    points: bool,
}

/// A run on the charts, as far as all of them have it in common.
pub(super) struct Laid<'a> {
    overlay: &'a Overlay,
    curves: &'a Curves,
    label: String,
    swaps: Vec<u64>,
    breaks: Vec<Break>,
}

/// The runs on the charts. Those of the arena are compared in one run.
pub(super) fn laid<'a>(app: &'a App) -> Vec<Laid<'a>> {
    if app.runs.overlays.is_empty() || !app.live.config.has_encoder() {
        return Vec::new();
    }
    let laid: Vec<_> = app.runs.laid().collect();
    let names = names_over(&app.live.facts.run_dir, laid.iter().map(|(overlay, _)| overlay.path.clone()));
    let labelled = laid.into_iter().zip(names);
    let laid = |((overlay, curves), label): ((&'a Overlay, &'a Curves), String)| {
        let swaps = curves.history.swaps();
        let at = |&step: &u64| Break { step, x: curves.history.place(app.sight.axis, step as f64) };
        Laid { overlay, curves, label, breaks: swaps.iter().map(at).collect(), swaps }
    };
    labelled.map(laid).collect()
}

/// True if the present run is down to one curve a chart.
pub(super) fn are_many(laid: &[Laid]) -> bool {
    laid.len() > FEW
}

/// What stands for a run on this chart: held-out information if all that are laid over it have it, since that is the one to believe.
pub(super) fn chosen(app: &App, id: ChartId, laid: &[Laid]) -> Option<Chosen> {
    let dense = |series, name| Chosen { series, name, points: false };
    let probed = |series, name| Chosen { series, name, points: true };
    let objective = &app.live.config.objective;
    let local = objective.local.mode != Mode::Off || objective.global.mode == Mode::Off;
    let all_have = |series| laid.iter().all(|l| l.curves.history.len(series) > 0);
    match id {
        ChartId::Loss => Some(dense(Series::Loss, "total")),
        ChartId::Accuracy => Some(probed(Series::AccuracyY, "Y")),
        ChartId::Information if local && all_have(Series::HeldoutLocal) => Some(probed(Series::HeldoutLocal, "local held-out")),
        ChartId::Information if !local && all_have(Series::HeldoutGlobal) => {
            Some(probed(Series::HeldoutGlobal, "global held-out"))
        }
        ChartId::Information if local => Some(dense(Series::MiLocal, "local training")),
        ChartId::Information => Some(dense(Series::MiGlobal, "global training")),
        ChartId::Bias | ChartId::Deviation => None,
    }
}

/// Its colour.
pub(super) fn style(app: &App, overlay: &Overlay) -> Style {
    app.theme.curve(STYLES[overlay.place % STYLES.len()]).style
}

/// The present run's one curve, where there are many runs.
pub(super) fn own(app: &App, chosen: Chosen) -> Curve {
    let style = app.theme.curve(0).style;
    Curve { label: "this run".into(), series: chosen.series, style, dashed: false, dim: false, points: chosen.points }
}

/// The curves of the other runs.
pub(super) fn lines<'a>(app: &App, id: ChartId, chosen: Chosen, laid: &'a [Laid], columns: usize) -> Vec<(Entry, Line<'a>)> {
    let entry = |run: &Laid| Entry::Run(run.overlay.place);
    laid.iter().flat_map(|run| of_run(app, id, chosen, run, columns).into_iter().map(move |line| (entry(run), line))).collect()
}

fn of_run<'a>(app: &App, id: ChartId, chosen: Chosen, run: &'a Laid, columns: usize) -> Vec<Line<'a>> {
    let (history, axis, x) = (&run.curves.history, app.sight.axis, app.x_range());
    if history.len(chosen.series) == 0 {
        return Vec::new();
    }
    let place = run.overlay.place % GLYPHS.len();
    let look = app.theme.curve(STYLES[place]);
    // Nats and accuracies run through a swap; losses begin anew.
    let (breaks, swaps): (&[Break], &[u64]) = if chosen.series == Series::Loss { (&run.breaks, &run.swaps) } else { (&[], &[]) };
    let line = |label, columns| Line {
        label,
        style: look.style,
        dashed: look.dashed && !chosen.points,
        columns,
        last: history.at(chosen.series, history.step_at(axis, x.1) as u64).map(|(_, value)| value),
        points: true,
        run: Some(RunLine { glyph: GLYPHS[place], breaks, place, foreign: chosen.series == Series::Loss && is_other(app, run) }),
        ..Line::default()
    };
    if !history.knows(axis) || app.sight.hides(id, Entry::Run(run.overlay.place)) {
        return vec![Line { hidden: true, ..line(&run.label[..], Vec::new()) }];
    }
    let smooth = app.smooths() && !chosen.points;
    let grid = history.grid(axis, x, columns);
    let (raw, smoothed) = history.raw_and_smoothed(chosen.series, &grid, swaps);
    let (shown, raw) = if smooth { (smoothed, raw) } else { (raw, Vec::new()) };
    let (before, beyond) = parted(shown, run.overlay.fork);
    let last = shown_last(&before, &beyond, smooth);
    // The legend reads the part that the crosshair is on.
    let past = |x: f64, fork: u64| history.step_at(axis, x) > fork as f64;
    let reads_beyond = !beyond.is_empty() && app.cursor.is_some_and(|c| run.overlay.fork.is_some_and(|fork| past(c.x, fork)));
    let (label, label_beyond) = if reads_beyond { ("", &run.label[..]) } else { (&run.label[..], "") };
    let behind = |label, columns| Line { dim: true, points: false, dashed: false, ..line(label, columns) };
    let mut lines = vec![line(label, before)];
    if !beyond.is_empty() {
        lines.push(behind(label_beyond, beyond));
    }
    if smooth {
        lines.push(behind("", raw));
    }
    lines.iter_mut().for_each(|line| line.last = last.or(line.last));
    lines
}

/// The newest smoothed value; that of the raw curve is in the history.
fn shown_last(before: &[Column], beyond: &[Column], smooth: bool) -> Option<f64> {
    let last = beyond.last().or(before.last()).filter(|_| smooth)?;
    last.max.is_finite().then_some(last.max)
}

/// What lies up to the fork, and what goes on from there without this run, with the column that joins them in both.
fn parted(columns: Vec<Column>, fork: Option<u64>) -> (Vec<Column>, Vec<Column>) {
    let Some(fork) = fork else { return (columns, Vec::new()) };
    let at = columns.partition_point(|c| c.first <= fork);
    let beyond = columns[at.saturating_sub(1)..].to_vec();
    let mut before = columns;
    before.truncate(at);
    (before, if beyond.len() > 1 || at == 0 { beyond } else { Vec::new() })
}

/// Where this run begins from another.
pub(super) fn fork_mark(app: &App) -> Option<Mark> {
    let step = app.runs.overlays.iter().find_map(|o| o.fork)?;
    Some(Mark { step: step + 1, text: "fork".into(), breaks_loss: false })
}

/// What the title says of it.
pub(super) fn tag(app: &App, id: ChartId, chosen: Chosen, laid: &[Laid]) -> Tag {
    match id {
        ChartId::Loss if laid.iter().any(|run| is_other(app, run)) => {
            Tag::new("other estimators: not comparable", "not comparable")
        }
        _ => Tag::new(format!("other runs: {}", chosen.name), format!("runs: {}", chosen.name)),
    }
}

/// Where losses do not compare, the axis is that of the present run's curves, as long as there are any.
pub(super) fn axis_tag(lines: &[Line]) -> Option<Tag> {
    let foreign = lines.iter().any(|line| !line.hidden && line.run.is_some_and(|run| run.foreign));
    let own = lines.iter().any(|line| !line.hidden && line.run.is_none() && !line.columns.is_empty());
    (foreign && own).then(|| Tag::new("axis as for this run", ""))
}

/// True if other estimators than the present ones have made its losses.
fn is_other(app: &App, run: &Laid) -> bool {
    let present = present(app);
    run.curves.estimators.iter().any(|other| *other != present)
}

/// Of some runs it is not known where their steps lie on the axis: they are not drawn.
pub(super) fn without_axis(app: &App, laid: &[Laid]) -> Option<Tag> {
    let missing = laid.iter().filter(|run| !run.curves.history.knows(app.sight.axis)).count();
    (missing > 0).then(|| Tag::new(format!("{missing} without epochs"), format!("{missing} without epochs")))
}

/// The estimators in force here.
fn present(app: &App) -> Estimators {
    let config = &app.live.config;
    let of = |mode: Mode, name: &str| (mode != Mode::Off).then(|| script_label(name).into_owned());
    let (global, local) = (&config.objective.global, &config.objective.local);
    (of(global.mode, config.global_estimator()), of(local.mode, config.local_estimator()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_parted_at_the_fork_and_stays_joined() {
        let column = |first, last| Column { first, last, x: (first as f64, last as f64), min: 0.0, max: 1.0, gap: false };
        let all = vec![column(1, 10), column(11, 20), column(21, 30)];
        let steps = |columns: &[Column]| columns.iter().map(|c| c.first).collect::<Vec<_>>();
        let of = |fork| {
            let (before, beyond) = parted(all.clone(), fork);
            (steps(&before), steps(&beyond))
        };
        assert_eq!(of(None), (vec![1, 11, 21], vec![]));
        assert_eq!(of(Some(20)), (vec![1, 11], vec![11, 21]));
        assert_eq!(of(Some(30)), (vec![1, 11, 21], vec![]), "nothing goes on");
        assert_eq!(of(Some(0)), (vec![], vec![1, 11, 21]));
    }
}
