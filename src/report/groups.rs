//! The table of many runs: a row for each point, means over its seeds.

use super::{
    page::{Cell, paragraph, table},
    settings::shown,
};
use crate::{
    plot,
    sweep::{Mean, Table},
};

/// What a measure is called, and whether it is a share.
pub(super) fn name(measure: &str) -> (String, bool) {
    match measure {
        "accuracy.conv" => ("accuracy, conv".into(), true),
        "accuracy.fc" => ("accuracy, fc".into(), true),
        "accuracy.y" => ("accuracy, Y".into(), true),
        "accuracy.knn" => ("accuracy, kNN on Y".into(), true),
        "mi.local" => ("local, nats".into(), false),
        "mi.global" => ("global, nats".into(), false),
        "mse" => ("MSE of reconstruction".into(), false),
        "ssim" => ("SSIM".into(), false),
        "ms_ssim" => ("MS-SSIM".into(), false),
        other => (other.to_owned(), other.starts_with("eval.")),
    }
}

/// `48.4 % ± 0.3`.
pub(super) fn mean_text(mean: &Mean, share: bool) -> String {
    let value = if share { plot::percent(mean.mean) } else { plot::value(mean.mean) };
    let error =
        mean.standard_error.map(|e| if share { format!(" ± {:.1}", 100.0 * e) } else { format!(" ± {}", plot::value(e)) });
    format!("{value}{}", error.unwrap_or_default())
}

pub(super) fn results(points: &Table) -> String {
    let short = points.rows.iter().any(|row| row.short > 0);
    let mut head: Vec<String> = points.axes.clone();
    head.push("runs".into());
    head.extend(short.then(|| "stopped early".into()));
    head.push("step".into());
    head.extend(points.measures.iter().map(|m| name(m).0));
    let rows: Vec<Vec<Cell>> = points
        .rows
        .iter()
        .map(|row| {
            let mut cells: Vec<Cell> = row.values.iter().map(|v| Cell::text(shown(v))).collect();
            cells.push(Cell::count(row.n as u64));
            cells.extend(short.then(|| Cell::count(row.short as u64)));
            cells.push(Cell::count(row.step));
            let cell = |m: &String| {
                row.measures.get(m).map_or(Cell::Nothing, |mean| Cell::Number(mean_text(mean, name(m).1), mean.mean))
            };
            cells.extend(points.measures.iter().map(cell));
            cells
        })
        .collect();
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    [paragraph("Means over the runs of a point, ± the standard error of the mean."), table(&head, &rows)].concat()
}
