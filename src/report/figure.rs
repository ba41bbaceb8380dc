//! The figure of many runs: what was measured over the settings that differ.
//!
//! With one setting that is a number, lines over it; with two, heat maps; with none, bars.

use toml::Value;

use super::{
    groups::{mean_text, name},
    settings::shown,
};
use crate::{
    plot::{self, Axis, Bar, Bars, Cell, Chart, Heat, Line, Look, Panel, Scale},
    sweep::{Mean, Row, Table},
};

/// What is drawn, in this order, where it was measured.
const MEASURES: [&str; 9] =
    ["accuracy.y", "accuracy.fc", "accuracy.conv", "mse", "ms_ssim", "accuracy.knn", "mi.local", "mi.global", "ssim"];
/// An axis is logarithmic if its largest value is so many times its smallest.
const WIDE: f64 = 8.0;
/// So many ticks stand at the values themselves.
const TICKS: usize = 10;

pub(super) fn panels(points: &Table) -> Vec<Panel> {
    let numeric: Vec<usize> =
        (0..points.axes.len()).filter(|&i| points.rows.iter().all(|row| number(&row.values[i]).is_some())).collect();
    let listed = MEASURES.iter().filter(|m| points.measures.iter().any(|n| n == *m)).map(|m| (*m).to_owned());
    let mut measures: Vec<String> = listed.collect();
    if measures.is_empty() {
        measures.clone_from(&points.measures);
    }
    match numeric[..] {
        [] => bars(points).into_iter().collect(),
        [across, up] => measures.iter().flat_map(|m| heats(points, m, across, up)).collect(),
        _ => {
            // Of several, the one with most values is the axis.
            let most = |i: &&usize| distinct(points, **i).len();
            let across = numeric.iter().rev().max_by_key(most).copied().unwrap_or(0);
            measures.iter().map(|m| lines(points, m, across)).collect()
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|i| i as f64))
}

fn distinct(points: &Table, axis: usize) -> Vec<f64> {
    let mut values: Vec<f64> = points.rows.iter().filter_map(|row| number(&row.values[axis])).collect();
    values.sort_by(f64::total_cmp);
    values.dedup();
    values
}

/// The last word of a key, if no other axis ends in it.
fn short<'a>(points: &'a Table, axis: usize) -> &'a str {
    let last = |key: &'a str| key.rsplit('.').next().unwrap_or(key);
    let (key, word) = (&points.axes[axis], last(&points.axes[axis]));
    if points.axes.iter().filter(|k| last(k) == word).count() > 1 { key } else { word }
}

/// The settings of a point but for some axes: `jsd, clip 0`. Words speak for themselves.
fn combination(points: &Table, row: &Row, but: &[usize]) -> String {
    let others = (0..points.axes.len()).filter(|i| !but.contains(i));
    let told = |i| match &row.values[i] {
        value @ Value::String(_) => shown(value),
        value => format!("{} {}", short(points, i), shown(value)),
    };
    others.map(told).collect::<Vec<_>>().join(", ")
}

/// The rows by the settings but for some axes, in the order in which they come.
fn combinations<'a>(points: &'a Table, but: &[usize]) -> Vec<(String, Vec<&'a Row>)> {
    let mut all: Vec<(String, Vec<&Row>)> = Vec::new();
    for row in &points.rows {
        let label = combination(points, row, but);
        match all.iter_mut().find(|(known, _)| *known == label) {
            Some((_, rows)) => rows.push(row),
            None => all.push((label, vec![row])),
        }
    }
    all
}

/// One line for each combination of the other settings, with error bars.
fn lines(points: &Table, measure: &str, across: usize) -> Panel {
    let values = distinct(points, across);
    let log = values.first().is_some_and(|&low| low > 0.0 && values[values.len() - 1] >= WIDE * low);
    let line = |(i, (label, rows)): (usize, &(String, Vec<&Row>))| {
        let mut at: Vec<(f64, Mean)> =
            rows.iter().filter_map(|row| Some((number(&row.values[across])?, *row.measures.get(measure)?))).collect();
        at.sort_by(|a, b| a.0.total_cmp(&b.0));
        let errors = at.iter().map(|(_, m)| m.standard_error.unwrap_or(0.0)).collect();
        let label = if label.is_empty() { "mean" } else { label };
        Line {
            errors,
            tells_last: false,
            ..Line::new(label, Look::of(i), at.iter().map(|(x, m)| (*x, m.mean)).collect()).marked()
        }
    };
    let (title, percent) = name(measure);
    let readouts = values.iter().map(|&x| {
        let here = points.rows.iter().filter(|row| number(&row.values[across]) == Some(x));
        let said = here.filter_map(|row| {
            let mean = row.measures.get(measure)?;
            Some(format!("\n{} {} (n = {})", combination(points, row, &[across]), mean_text(mean, percent), mean.n))
        });
        (x, format!("{} {}{}", points.axes[across], plot::value(x), said.collect::<String>()))
    });
    let readouts = readouts.collect();
    Chart {
        title: title[..1].to_uppercase() + &title[1..],
        x: Axis {
            scale: if log { Scale::Log2 } else { Scale::Linear },
            ticks: if values.len() <= TICKS { values } else { Vec::new() },
            ..Axis::of(&points.axes[across])
        },
        y: Axis { percent, ..Axis::default() },
        lines: combinations(points, &[across]).iter().enumerate().map(line).collect(),
        readouts,
        empty: "nothing was measured".into(),
        ..Chart::default()
    }
    .panel()
}

/// A heat map for each combination of the other settings; the colours of all of them are on one scale.
fn heats(points: &Table, measure: &str, across: usize, up: usize) -> Vec<Panel> {
    let (title, share) = name(measure);
    let (columns, rows) = (distinct(points, across), distinct(points, up));
    let means = points.rows.iter().filter_map(|row| row.measures.get(measure)).map(|m| m.mean);
    let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let map = |(label, group): &(String, Vec<&Row>)| {
        let cell = |y: f64, x: f64| {
            let here = group.iter().find(|row| (number(&row.values[across]), number(&row.values[up])) == (Some(x), Some(y)));
            let mean = here.and_then(|row| row.measures.get(measure));
            let place = format!("{} {}, {} {}", short(points, across), plot::value(x), short(points, up), plot::value(y));
            match mean {
                None => Cell { share: f64::NAN, text: "–".into(), tooltip: format!("{place}: not measured") },
                Some(mean) => Cell {
                    share: if high > low { (mean.mean - low) / (high - low) } else { 0.5 },
                    text: if share { format!("{:.1}", 100.0 * mean.mean) } else { plot::value(mean.mean) },
                    tooltip: format!("{place}: {} (n = {})", mean_text(mean, share), mean.n),
                },
            }
        };
        let note = [label.as_str(), if share { "per cent" } else { "" }, if measure == "mse" { "less is better" } else { "" }];
        let note: Vec<&str> = note.into_iter().filter(|n| !n.is_empty()).collect();
        let heat = Heat {
            title: title[..1].to_uppercase() + &title[1..],
            note: note.join("; "),
            row_title: points.axes[up].clone(),
            column_title: points.axes[across].clone(),
            // The largest on top, as on a chart.
            cells: rows.iter().rev().map(|&y| columns.iter().map(|&x| cell(y, x)).collect()).collect(),
            rows: rows.iter().rev().map(|&v| plot::value(v)).collect(),
            columns: columns.iter().map(|&v| plot::value(v)).collect(),
        };
        heat.panel()
    };
    combinations(points, &[across, up]).iter().map(map).collect()
}

/// Accuracy of each point, by layer; `None` if there is none.
fn bars(points: &Table) -> Option<Panel> {
    let layers = [("accuracy.conv", "conv"), ("accuracy.fc", "fc"), ("accuracy.y", "Y")];
    if !layers.iter().any(|(m, _)| points.measures.iter().any(|n| n == m)) {
        return None;
    }
    let bar = |row: &Row, measure: &str| {
        let mean = row.measures.get(measure);
        Bar {
            value: mean.map_or(f64::NAN, |m| m.mean),
            error: mean.and_then(|m| m.standard_error).unwrap_or(0.0),
            before: f64::NAN,
        }
    };
    let group = |row: &Row| {
        let label = combination(points, row, &[]);
        let label = if label.is_empty() { "all".into() } else { label };
        (label, layers.iter().map(|(m, _)| bar(row, m)).collect())
    };
    let picture = Bars {
        title: "Accuracy of linear probes".into(),
        note: "means, with their standard errors".into(),
        series: layers.iter().map(|(_, name)| (*name).to_owned()).collect(),
        groups: points.rows.iter().map(group).collect(),
    };
    Some(picture.panel())
}
