//! The charts of a training run: losses, information in nats, probe accuracy.

use crate::{
    config::{Locations, Mode},
    plot::{self, Axis, Chart, Line, Look, Mark, Reference},
    record::{JournalKind, JournalRow, PerTerm, ProbeRow, SavedRun, StepRow},
};

/// Lowest estimate in nats that is drawn to scale: an untrained critic reads e^score nats below zero, beside which nothing else
/// would be seen.
const FLOOR: f64 = -5.0;
/// So many tooltips along a chart at most.
const READOUTS: usize = 60;

/// Values of the recorded steps; where there is none, a gap.
pub(super) fn steps(run: &SavedRun, value: impl Fn(&StepRow) -> Option<f64>) -> Vec<(f64, f64)> {
    run.steps.iter().map(|row| (row.step as f64, value(row).unwrap_or(f64::NAN))).collect()
}

/// Values of the probes likewise.
pub(super) fn probes(run: &SavedRun, value: impl Fn(&ProbeRow) -> Option<f64>) -> Vec<(f64, f64)> {
    run.probes.iter().map(|row| (row.step as f64, value(row).unwrap_or(f64::NAN))).collect()
}

/// Lines of which something can be seen.
pub(super) fn seen(lines: Vec<Line>) -> Vec<Line> {
    lines.into_iter().filter(|l| l.points.iter().any(|p| p.1.is_finite())).collect()
}

/// The step before which a row of the journal changed something, or began a fork; `None` of every other row.
fn takes_effect(row: &JournalRow) -> Option<u64> {
    match row.kind {
        JournalKind::Change => Some(row.step),
        JournalKind::Start if row.key.is_some() => Some(row.step + 1),
        _ => None,
    }
}

/// A mark for each step before which something was changed.
pub(super) fn marks(run: &SavedRun) -> Vec<Mark> {
    let mut changes: Vec<(u64, &JournalRow)> = run.journal.iter().filter_map(|r| Some((takes_effect(r)?, r))).collect();
    changes.sort_by_key(|(step, _)| *step);
    let told = |rows: &[(u64, &JournalRow)]| {
        let words: Vec<String> = rows.iter().map(|(_, row)| row.sentence()).collect();
        Mark { x: rows[0].0 as f64, text: format!("before step {}: {}", rows[0].0, words.join("\n")) }
    };
    changes.chunk_by(|a, b| a.0 == b.0).map(told).collect()
}

/// The steps before which the objective became another one: losses before and after do not compare.
pub(super) fn swaps(run: &SavedRun) -> Vec<f64> {
    let parts = |key: &str| key.starts_with("objective.") && !key.contains(".on_");
    let rows = run.journal.iter().filter(|r| r.kind == JournalKind::Change && r.key.as_deref().is_some_and(parts));
    rows.map(|r| r.step as f64).collect()
}

/// The points with a gap at each of these places.
pub(super) fn broken(points: Vec<(f64, f64)>, at: &[f64]) -> Vec<(f64, f64)> {
    let mut out: Vec<(f64, f64)> = Vec::with_capacity(points.len() + at.len());
    for point in points {
        if let Some(before) = out.last().map(|p| p.0)
            && at.iter().any(|&swap| before < swap && point.0 >= swap)
        {
            out.push((point.0, f64::NAN));
        }
        out.push(point);
    }
    out
}

/// What the lines say around places along the chart.
pub(super) fn readouts(lines: &[Line], percent: bool) -> Vec<(f64, String)> {
    let mut places: Vec<f64> = lines.iter().flat_map(|l| l.points.iter().map(|p| p.0)).collect();
    places.sort_by(f64::total_cmp);
    places.dedup();
    let each = places.len().div_ceil(READOUTS).max(1);
    let shown = |v: f64| if percent { plot::percent(v) } else { plot::value(v) };
    let at = |x: f64| {
        let said = lines.iter().filter(|l| !l.label.is_empty()).filter_map(|line| {
            let i = line.points.partition_point(|p| p.0 <= x).checked_sub(1)?;
            let value = line.points[i].1;
            value.is_finite().then(|| format!("\n{} {}", line.label, shown(value)))
        });
        format!("step {x}{}", said.collect::<String>())
    };
    places.into_iter().step_by(each).map(|x| (x, at(x))).collect()
}

fn step_axis(run: &SavedRun) -> Axis {
    Axis { range: Some((0.0, (run.last_step() as f64).max(1.0))), ..Axis::of("step") }
}

/// The objective and its parts, as they enter the sum before their weights.
pub(super) fn losses(run: &SavedRun) -> Chart {
    let line = |label: &str, look, value: fn(&StepRow) -> Option<f64>| Line::new(label, look, steps(run, value));
    let mut lines = seen(vec![
        line("local", Look::solid(0), |r| r.terms.local),
        line("global", Look::solid(1).dashed("7 3"), |r| r.terms.global),
        line("prior", Look::solid(2).dashed("2 2.5"), |r| r.terms.prior),
        line("discriminator", Look { opacity: 0.6, ..Look::solid(3) }, |r| r.terms.discriminator),
        line("total", Look::ink(), |r| Some(r.loss)),
    ]);
    let (readouts, swaps) = (readouts(&lines, false), swaps(run));
    for line in &mut lines {
        line.points = broken(std::mem::take(&mut line.points), &swaps);
    }
    let title = if swaps.is_empty() { "Loss" } else { "Loss; a new objective begins a new segment" };
    Chart {
        title: title.into(),
        x: step_axis(run),
        lines,
        marks: marks(run),
        readouts,
        empty: "no step was recorded".into(),
        ..Chart::default()
    }
}

/// Estimates in nats: held-out with markers, what held-out pairs guarantee with them, of training batches behind, ceilings dashed.
pub(super) fn information(run: &SavedRun) -> Chart {
    type Of<T> = fn(&PerTerm<f64>) -> T;
    let terms: [(&str, usize, Of<Option<f64>>); 2] = [("local", 0, |t| t.local), ("global", 1, |t| t.global)];
    let each = terms.map(|(name, i, of)| {
        vec![
            Line::new(&format!("{name}, held out"), Look::solid(i), probes(run, |r| of(&r.mi_heldout))).marked(),
            Line::new(&format!("{name}, guaranteed"), Look::solid(i).dashed("2 2.5"), probes(run, |r| of(&r.mi_guaranteed)))
                .marked(),
            Line::new(&format!("{name}, training"), Look::solid(i).faint(), steps(run, |r| of(&r.mi))),
            Line::new(
                &format!("{name}, ceiling"),
                Look { width: 1.1, ..Look::solid(i) }.dashed("5 3"),
                steps(run, |r| of(&r.ceiling)),
            ),
        ]
    });
    let lines = seen(each.into_iter().flatten().collect());
    let readouts = readouts(&lines, false);
    let range = cut_below(&lines);
    let local = &run.config.objective.local;
    let mut title = "Mutual information, nats".to_owned();
    if range.is_some() {
        title += " (cut at −5)";
    }
    if local.mode != Mode::Off && local.locations == Locations::Any {
        title += "; local: a contrastive score, not a bound";
    }
    let y = Axis { range, ..Axis::default() };
    Chart {
        title,
        x: step_axis(run),
        y,
        lines,
        marks: marks(run),
        readouts,
        empty: "no estimate was recorded".into(),
        ..Chart::default()
    }
}

/// A range without what lies below the floor; `None` if nothing lies there.
pub(super) fn cut_below(lines: &[Line]) -> Option<(f64, f64)> {
    let values = || lines.iter().flat_map(|l| &l.points).map(|p| p.1).filter(|v| v.is_finite());
    let most = values().fold(0.0, f64::max);
    values().any(|v| v < FLOOR).then_some((FLOOR, (most * 1.1).max(1.0)))
}

/// How well each layer is read, beside the untrained encoder, raw pixels and chance.
pub(super) fn accuracy(run: &SavedRun) -> Chart {
    let line =
        |label: &str, look: Look, value: fn(&ProbeRow) -> f64| Line::new(label, look, probes(run, |r| Some(value(r)))).marked();
    let lines = seen(vec![
        line("conv", Look::solid(0), |r| r.accuracy.linear.conv),
        line("fc", Look::solid(1), |r| r.accuracy.linear.fc),
        line("Y", Look::solid(2), |r| r.accuracy.linear.y),
        line("kNN on Y", Look::solid(3).dashed("7 3"), |r| r.accuracy.knn.y),
    ]);
    let mut references = Vec::new();
    let untrained = run.probes.first().filter(|r| r.step == 0);
    if let Some(first) = untrained {
        let linear = &first.accuracy.linear;
        let before = [linear.conv, linear.fc, linear.y].into_iter().enumerate();
        let look = |i| Look { width: 1.0, opacity: 0.7, ..Look::solid(i) }.dashed("1.5 3");
        references.extend(before.map(|(i, y)| Reference { y, label: String::new(), look: look(i) }));
        references.extend(first.pixels.map(|y| Reference { y, label: "pixels".into(), look: Look::reference() }));
    }
    let chance = run.probes.last().map(|r| Reference { y: r.chance, label: "chance".into(), look: Look::reference() });
    references.extend(chance.filter(|c| c.y.is_finite()));
    let title = if untrained.is_some() { "Probe accuracy; dotted: untrained encoder" } else { "Probe accuracy" };
    let y = Axis { range: Some((0.0, top(&lines, &references))), percent: true, ..Axis::default() };
    let readouts = readouts(&lines, true);
    Chart {
        title: title.into(),
        x: step_axis(run),
        y,
        lines,
        marks: marks(run),
        references,
        readouts,
        empty: "no probe was taken".into(),
    }
}

/// The upper end of an axis of shares that starts at 0: the next tenth.
pub(super) fn top(lines: &[Line], references: &[Reference]) -> f64 {
    let values = lines.iter().flat_map(|l| &l.points).map(|p| p.1).chain(references.iter().map(|r| r.y));
    let most = values.filter(|v| v.is_finite()).fold(0.0, f64::max);
    ((most * 10.0 + 0.2).ceil() / 10.0).clamp(0.2, 1.0)
}
