//! The page of several runs: laid over each other if they are few, grouped by what differs if they are many or repeat each other with
//! other seeds.

use super::{
    charts::{self, broken, probes, seen, steps, top},
    figure, groups, one,
    page::{self, Cell, duration, facts, figures, folded, paragraph, section, table},
    settings,
};
use crate::{
    plot::{self, Axis, Chart, Line, Look, Panel},
    record::{JournalKind, PerTerm, SavedRun},
    sweep::{self, Table},
};

/// More runs than these cannot be told apart on a chart.
const FEW: usize = 8;

/// True if the runs are shown by group: too many for a chart, or some that differ in nothing but their seeds.
fn grouped(runs: &[SavedRun], table: &Table) -> bool {
    runs.len() > FEW || table.rows.iter().any(|row| row.n + row.short > 1)
}

pub(super) fn page(runs: &[SavedRun], names: &[String]) -> String {
    let points = sweep::table(runs);
    let grouped = grouped(runs, &points);
    let mut body = section("What was compared", &facts(&what(runs, &points)));
    if grouped {
        body += &section("Figure", &figures(&figure::panels(&points)));
        body += &section("Results by settings", &groups::results(&points));
    }
    if runs.len() <= FEW {
        body += &section("Course", &[losses_do_not_compare(runs), figures(&overlaid(runs, names))].concat());
    }
    let list = results(runs, names);
    body += &if runs.len() <= FEW { section("Results by run", &list) } else { folded("Results by run", &list) };
    if runs.len() <= FEW {
        body += &section("Settings that differ", &differences(runs, names));
        body += &section("What was changed while they ran", &changes(runs, names));
    }
    let title = format!("{} runs", runs.len());
    page::page(&title, &subtitle(runs, &points), &body)
}

/// The figure, or, where there is nothing to group, how the accuracies went.
pub(super) fn svg(runs: &[SavedRun], names: &[String]) -> String {
    let points = sweep::table(runs);
    let panels = if grouped(runs, &points) { figure::panels(&points) } else { Vec::new() };
    match &panels[..] {
        [] => plot::document("Runs compared", &overlaid(runs, names)[2..], 1),
        panels => plot::document("Runs compared", panels, 3),
    }
}

fn subtitle(runs: &[SavedRun], points: &Table) -> String {
    let mut data: Vec<&str> = runs.iter().map(|r| r.config.data.name.as_str()).collect();
    data.sort_unstable();
    data.dedup();
    let differing =
        if points.axes.is_empty() { "the same settings".into() } else { format!("different in {}", points.axes.join(", ")) };
    format!("{} · {differing}", data.join(", "))
}

fn what(runs: &[SavedRun], points: &Table) -> Vec<(&'static str, String)> {
    let mut seeds: Vec<u64> = runs.iter().map(|r| r.config.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let done = runs.iter().filter(|r| r.summary.as_ref().is_some_and(|s| s.outcome == "done")).count();
    let axes = if points.axes.is_empty() { "nothing but their seeds".into() } else { points.axes.join(", ") };
    let total: f64 = runs.iter().map(one::seconds).filter(|s| s.is_finite()).sum();
    vec![
        ("Runs", format!("{}, {done} of them done", runs.len())),
        ("Different in", axes),
        ("Points", points.rows.len().to_string()),
        ("Seeds", seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")),
        ("Training time", format!("{} in all", duration(total))),
    ]
}

/// A warning, if estimators differ.
fn losses_do_not_compare(runs: &[SavedRun]) -> String {
    let objective = |run: &SavedRun| {
        let o = &run.config.objective;
        (
            run.config.local_estimator().to_owned(),
            run.config.global_estimator().to_owned(),
            o.local.mode,
            o.global.mode,
            o.prior.mode,
        )
    };
    let same = runs.windows(2).all(|pair| objective(&pair[0]) == objective(&pair[1]));
    let arena = runs.iter().all(|run| !run.config.has_encoder());
    if same || arena { String::new() } else { paragraph("Objectives differ: their losses do not compare, their accuracies do.") }
}

/// Loss, information and accuracy of all runs, one look each.
pub(super) fn overlaid(runs: &[SavedRun], names: &[String]) -> Vec<Panel> {
    let last = runs.iter().map(SavedRun::last_step).max().unwrap_or(1).max(1);
    let each = |line: &dyn Fn(&SavedRun, &str, Look) -> Vec<Line>| -> Vec<Line> {
        let lines = runs.iter().zip(names).enumerate().map(|(i, (run, name))| seen(line(run, name, Look::of(i))));
        lines.flatten().collect()
    };
    let chart = |title: &str, empty: &str, lines: Vec<Line>, y: Axis| Chart {
        title: title.into(),
        x: Axis { range: Some((0.0, last as f64)), ..Axis::of("step") },
        readouts: charts::readouts(&lines, y.percent),
        y,
        lines,
        empty: empty.into(),
        ..Chart::default()
    };
    let loss = each(&|run, name, look| {
        let total = broken(steps(run, |r| Some(r.loss)), &charts::swaps(run));
        vec![Line::new(name, look, total)]
    });
    let nats = each(&|run, name, look| information(run, name, look));
    let accuracy = each(&|run, name, look| vec![Line::new(name, look, probes(run, |r| Some(r.accuracy.linear.y))).marked()]);
    let range = charts::cut_below(&nats);
    let cut = if range.is_some() { " (cut at −5)" } else { "" };
    let held_out = runs.iter().any(|run| !run.probes.is_empty());
    let of = if held_out { "held out, nats" } else { "nats" };
    let shares = Axis { range: Some((0.0, top(&accuracy, &[]))), percent: true, ..Axis::default() };
    [
        chart("Loss", "no step was recorded", loss, Axis::default()),
        chart(&format!("Mutual information, {of}{cut}"), "no estimate was recorded", nats, Axis { range, ..Axis::default() }),
        chart("Accuracy of a linear probe on Y", "no probe was taken", accuracy, shares),
    ]
    .iter()
    .map(Chart::panel)
    .collect()
}

/// Held-out estimates of a run: of the local term, and of the global one, named so, where there is one. Of an arena the means.
fn information(run: &SavedRun, name: &str, look: Look) -> Vec<Line> {
    if !run.config.has_encoder() {
        let line = |estimator: &String| {
            let points = super::arena::arena(run, |row| super::arena::mean(row, estimator));
            Line::new(&format!("{name}: {estimator}"), look, points)
        };
        return super::arena::estimators(run).iter().map(line).collect();
    }
    let of = |value: fn(&PerTerm<f64>) -> Option<f64>| probes(run, |r| value(&r.mi_heldout));
    let finer = Look { width: 1.0, ..look };
    vec![Line::new(name, look, of(|t| t.local)).marked(), Line::new(&format!("{name}, global"), finer, of(|t| t.global)).marked()]
}

/// A row for each run.
fn results(runs: &[SavedRun], names: &[String]) -> String {
    let row = |(run, name): (&SavedRun, &String)| {
        let last = run.probes.last();
        let share = |of: fn(&crate::record::ProbeRow) -> f64| Cell::share(last.map(of));
        let changes = run.journal.iter().filter(|r| r.kind == JournalKind::Change).count() as u64;
        vec![
            Cell::text(name),
            Cell::count(run.config.seed),
            Cell::count(run.last_step()),
            share(|r| r.accuracy.linear.conv),
            share(|r| r.accuracy.linear.fc),
            share(|r| r.accuracy.linear.y),
            share(|r| r.accuracy.knn.y),
            Cell::number(last.and_then(|r| r.mi_heldout.local)),
            Cell::number(last.and_then(|r| r.mi_heldout.global)),
            Cell::Number(duration(one::seconds(run)), one::seconds(run)),
            Cell::count(changes),
            Cell::text(one::ending(run)),
        ]
    };
    let rows: Vec<Vec<Cell>> = runs.iter().zip(names).map(row).collect();
    let head = ["run", "seed", "steps", "conv", "fc", "Y", "kNN on Y", "local nats", "global nats", "time", "changes", "end"];
    table(&head, &rows)
}

/// A row for each key, a column for each run.
fn differences(runs: &[SavedRun], names: &[String]) -> String {
    let head: Vec<&str> = std::iter::once("key").chain(names.iter().map(String::as_str)).collect();
    let rows = settings::differences(runs);
    if rows.is_empty() {
        return paragraph("None: they began alike.");
    }
    let row =
        |(key, values): &(&str, Vec<String>)| std::iter::once(Cell::text(*key)).chain(values.iter().map(Cell::text)).collect();
    table(&head, &rows.iter().map(row).collect::<Vec<Vec<Cell>>>())
}

fn changes(runs: &[SavedRun], names: &[String]) -> String {
    let of = |(run, name): (&SavedRun, &String)| -> Vec<Vec<Cell>> {
        let changed = run.journal.iter().filter(|r| r.kind == JournalKind::Change);
        changed.map(|r| vec![Cell::text(name), Cell::count(r.step), Cell::text(r.sentence())]).collect()
    };
    let rows: Vec<Vec<Cell>> = runs.iter().zip(names).flat_map(of).collect();
    if rows.is_empty() { paragraph("Nothing.") } else { table(&["run", "before step", "change"], &rows) }
}
