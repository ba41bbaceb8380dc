//! The charts and the table of an arena's run: estimators beside the known information.

use super::{
    charts::{broken, cut_below, marks, readouts, seen, steps},
    page::{Cell, table},
};
use crate::{
    plot::{Axis, Chart, Line, Look},
    record::{ArenaRow, SavedRun},
};

/// Its estimators in the order in which they came.
pub(super) fn estimators(run: &SavedRun) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in run.steps.iter().filter_map(|r| r.arena.as_ref()).flat_map(|a| a.nats.keys()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Mean of the estimates over the last steps: the truth and the bias together.
pub(super) fn mean(row: &ArenaRow, name: &str) -> Option<f64> {
    row.bias.get(name).copied().flatten().map(|bias| row.truth + bias)
}

/// Values of the arena's rows.
pub(super) fn arena(run: &SavedRun, value: impl Fn(&ArenaRow) -> Option<f64>) -> Vec<(f64, f64)> {
    steps(run, |row| row.arena.as_ref().and_then(&value))
}

/// Information, bias and deviation. An estimator looks the same on all.
pub(super) fn charts(run: &SavedRun) -> [Chart; 3] {
    let names = estimators(run);
    let moves: Vec<f64> = marks(run).iter().map(|m| m.x).collect();
    let each = |look: fn(usize) -> Look, value: &dyn Fn(&ArenaRow, &str) -> Option<f64>| -> Vec<Line> {
        // Means begin anew where something was changed.
        let line = |(i, name): (usize, &String)| Line::new(name, look(i), broken(arena(run, |row| value(row, name)), &moves));
        seen(names.iter().enumerate().map(line).collect())
    };
    let of = |map: &std::collections::BTreeMap<String, Option<f64>>, name: &str| map.get(name).copied().flatten();
    let means = each(Look::of, &mean);
    let raw = each(|i| Look { opacity: 0.25, width: 0.8, ..Look::solid(i) }, &|row, name| of(&row.nats, name));
    let truth = Line::new("truth", Look { width: 2.0, ..Look::ink() }, arena(run, |row| Some(row.truth)));
    let ceiling = arena(run, |row| row.ceiling.values().flatten().copied().reduce(f64::max));
    let reach = 2.0 * truth.points.iter().map(|p| p.1).filter(|v| v.is_finite()).fold(2.0, f64::max);
    let unnamed = |line: Line| Line { label: String::new(), ..line };
    let mut lines: Vec<Line> = raw.into_iter().map(unnamed).collect();
    lines.extend(seen(vec![Line::new("ceiling", Look::reference(), ceiling)]));
    lines.extend(means.iter().cloned());
    lines.push(truth);
    let chart = |title: &str, lines: Vec<Line>, range| Chart {
        title: title.into(),
        x: Axis { range: Some((0.0, (run.last_step() as f64).max(1.0))), ..Axis::of("step") },
        y: Axis { range, ..Axis::default() },
        readouts: readouts(&lines, false),
        lines,
        marks: marks(run),
        empty: "no estimate was recorded".into(),
        ..Chart::default()
    };
    let bias = each(Look::of, &|row, name| of(&row.bias, name));
    let deviation = each(Look::of, &|row, name| of(&row.deviation, name));
    [
        chart("Mutual information, means of 200 steps, nats", lines, Some(cut(&means, reach))),
        chart("Bias: mean less truth, nats", bias.clone(), cut_below(&bias).is_some().then(|| cut(&bias, 2.0 * reach))),
        chart("Standard deviation over batches, nats", deviation.clone(), Some((0.0, cut(&deviation, reach).1))),
    ]
}

/// The range of the lines, less what lies absurdly far out.
fn cut(lines: &[Line], reach: f64) -> (f64, f64) {
    let values = || lines.iter().flat_map(|l| &l.points).map(|p| p.1).filter(|v| v.is_finite());
    let (low, high) = (values().fold(0.0, f64::min), values().fold(0.0, f64::max));
    (low.max(-0.5 * reach), (1.08 * high).clamp(0.1, reach))
}

/// The table that the papers print, of the last recorded step.
pub(super) fn last(run: &SavedRun) -> Option<(u64, f64, String)> {
    let (step, row) = run.steps.iter().rev().find_map(|r| Some((r.step, r.arena.as_ref()?)))?;
    let of = |map: &std::collections::BTreeMap<String, Option<f64>>, name: &str| map.get(name).copied().flatten();
    let line = |name: &String| {
        let (bias, deviation) = (of(&row.bias, name), of(&row.deviation, name));
        let rmse = bias.zip(deviation).map(|(b, d)| b.hypot(d));
        let numbers = [mean(row, name), bias, deviation, rmse, of(&row.ceiling, name)];
        [vec![Cell::text(name)], numbers.map(Cell::number).to_vec()].concat()
    };
    let rows: Vec<Vec<Cell>> = estimators(run).iter().filter(|n| row.nats.contains_key(*n)).map(line).collect();
    Some((step, row.truth, table(&["estimator", "mean, nats", "bias", "std. dev.", "RMSE", "ceiling"], &rows)))
}
