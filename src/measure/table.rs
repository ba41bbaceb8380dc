//! The report as text for people.

use std::fmt::Write;

use super::{ProbeRow, Report};
use crate::eval::PROBES;

/// Columns of a terminal.
const WIDTH: usize = 80;
/// Pixels a side of the window of Wang et al. 2003.
const PUBLISHED_WINDOW: usize = 11;

/// The report as tables, 80 columns where names allow it.
pub fn table(report: &Report) -> String {
    let mut text = format!(
        "{}, step {} ({:.1} epochs), protocol {}, {} seed{}\n{} training images to fit on, {} test images to judge on, {} classes\n",
        report.data,
        report.step,
        report.epochs,
        report.protocol,
        report.seeds,
        if report.seeds == 1 { "" } else { "s" },
        report.train,
        report.test,
        report.classes.len(),
    );
    probes(report, &mut text);
    code(report, &mut text);
    factors(report, &mut text);
    for (i, note) in report.notes.iter().enumerate() {
        line(&mut text, format_args!("{}{}", if i == 0 { "\n" } else { "" }, folded(note)));
    }
    line(&mut text, format_args!("\n{:.0} seconds", report.seconds));
    text
}

/// `note` in lines of at most 80 columns.
fn folded(note: &str) -> String {
    let mut lines = vec![String::new()];
    for word in note.split(' ') {
        let last = lines.len() - 1;
        if lines[last].chars().count() + word.chars().count() >= WIDTH && !lines[last].is_empty() {
            lines.push(format!("  {word}"));
        } else {
            let gap = if lines[last].is_empty() { "" } else { " " };
            lines[last] += &format!("{gap}{word}");
        }
    }
    lines.join("\n")
}

/// Writing to a string cannot fail.
fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{what}");
}

fn percent(row: &ProbeRow) -> String {
    let error = row.standard_error.map(|e| format!(" ± {:.1}", 100.0 * e)).unwrap_or_default();
    format!("{:.1}{error}", 100.0 * row.test_accuracy)
}

fn probes(report: &Report, text: &mut String) {
    if report.probes.is_empty() {
        return;
    }
    let chance = 100.0 * report.chance;
    // The standard deviation of a share of m images is largest at one half.
    let luck = 100.0 * (0.25 / report.test.max(1) as f64).sqrt();
    line(text, format_args!("\nAccuracy of probes on test images, % (on training images)"));
    line(
        text,
        format_args!("Always the most frequent class: {chance:.1}. Another {} test images: up to ± {luck:.1}.", report.test),
    );
    if report.seeds > 1 {
        let seeds = report.seeds;
        line(text, format_args!("±: standard error, of the mean of {seeds} starts of the mlp, else by {seeds} bootstraps of"));
        line(text, format_args!("the training images."));
    }
    let head: String = PROBES.iter().map(|probe| format!("{:>16}", probe.name)).collect();
    line(text, format_args!("\n{:<15}{head}", ""));
    let mut rows: Vec<(&str, &str)> = report.probes.iter().map(|row| (row.encoder, row.layer)).collect();
    rows.dedup();
    for (encoder, layer) in rows {
        let cell = |row: &ProbeRow| format!("{:>16}", format!("{} ({:.0})", percent(row), 100.0 * row.train_accuracy));
        let cells: String = report.probes.iter().filter(|r| (r.encoder, r.layer) == (encoder, layer)).map(cell).collect();
        let name = if encoder == layer { layer.to_owned() } else { format!("{layer} {encoder}") };
        line(text, format_args!("{name:<15}{cells}"));
    }
}

/// What is known of the code, the trained beside the untrained.
fn code(report: &Report, text: &mut String) {
    let rows = code_rows(report);
    if rows.is_empty() {
        return;
    }
    line(text, format_args!("\n{:<36}{:>22}{:>22}", "Code Y, of test images", "trained", "untrained"));
    for (name, values) in rows {
        let cells: String = values.iter().map(|v| format!("{v:>22}")).collect();
        line(text, format_args!("{name:<36}{cells}"));
    }
    if let Some(first) = report.reconstruction.first() {
        line(text, format_args!("MSE of pixels in [0, 1]; answering the mean image: {:.4}.", first.value.mse_of_mean));
        let (scales, window) = (first.value.ms_ssim_scales, first.value.ms_ssim_window);
        if scales > 0 && (scales, window) != (5, PUBLISHED_WINDOW) {
            let why = format!("as large as such images allow; the published 5 and {PUBLISHED_WINDOW} give other values.");
            line(
                text,
                format_args!("{}", folded(&format!("MS-SSIM with {scales} scales and a window of {window} pixels, {why}"))),
            );
        }
    }
}

/// A line for each number of the code: its name, and the number of each encoder.
fn code_rows(report: &Report) -> Vec<(String, Vec<String>)> {
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    let mut row = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            rows.push((name.to_owned(), values));
        }
    };
    let codes = &report.code;
    row("effective rank (RankMe)", codes.iter().map(|c| format!("{:.1} of {}", c.rank_me, c.units)).collect());
    row("  the same, less the mean", codes.iter().map(|c| format!("{:.1}", c.centred_rank)).collect());
    row("units that do not move", codes.iter().map(|c| format!("{} of {}", c.idle, c.units)).collect());
    row("alignment of views, 0 (same) to 4", codes.iter().map(|c| format!("{:.3}", c.alignment)).collect());
    row("uniformity, 0 (a point) to -4", codes.iter().map(|c| format!("{:.3}", c.uniformity)).collect());
    let number = |v: Option<f64>, digits: usize| v.map_or("no number".into(), |v| format!("{v:.digits$}"));
    row("NDM, nats (0: units independent)", report.ndm.iter().map(|n| number(n.value, 3)).collect());
    let interval = |e: &crate::mi::HeldOut| {
        let ends = e.low.zip(e.high).map(|(low, high)| format!(" [{low:.2}, {high:.2}]")).unwrap_or_default();
        format!("{}{ends}", number(e.nats, 2))
    };
    row("MINE(X; Y), nats [95 % interval]", report.mine.iter().map(|m| interval(&m.value)).collect());
    let pictures = &report.reconstruction;
    row("reconstruction: MSE (0: perfect)", pictures.iter().map(|r| format!("{:.4}", r.value.mse)).collect());
    row("  SSIM (1: perfect)", pictures.iter().map(|r| number(r.value.ssim, 3)).collect());
    let scales = pictures.first().map_or(0, |r| r.value.ms_ssim_scales);
    row(&format!("  MS-SSIM, {scales} scales (1: perfect)"), pictures.iter().map(|r| number(r.value.ms_ssim, 3)).collect());
    rows
}

fn factors(report: &Report, text: &mut String) {
    if report.factors.is_empty() {
        return;
    }
    line(text, format_args!("\nFactors that the images are drawn from, read from a layer, on test images"));
    line(text, format_args!("R² of a ridge regression (1: every value; 0: no better than the mean), or the"));
    line(text, format_args!("accuracy of a linear probe; fitted on {} training images", report.factor_train));
    let mut columns: Vec<(&str, &str)> = report.factors.iter().map(|row| (row.encoder, row.layer)).collect();
    columns.dedup();
    // Over the first column of each encoder its name.
    let mut head = String::new();
    for part in columns.chunk_by(|a, b| a.0 == b.0) {
        let name = if part[0].0 == part[0].1 { "" } else { part[0].0 };
        head += &format!(" {name:>width$}", width = 8 * part.len() - 1);
    }
    line(text, format_args!("\n{:<20}{:>4}{head}", "", "no"));
    let layers: String = columns.iter().map(|c| format!("{:>8}", c.1)).collect();
    line(text, format_args!("{:<18}{:>6}{layers}", "", "layer"));
    let mut names: Vec<&str> = Vec::new();
    report.factors.iter().for_each(|row| {
        if !names.contains(&row.factor) {
            names.push(row.factor);
        }
    });
    for name in names {
        let rows: Vec<_> = report.factors.iter().filter(|row| row.factor == name).collect();
        // Not −0.00.
        let number = |v: f64| if v.abs() < 0.005 { 0.0 } else { v };
        let cells: String = rows.iter().map(|row| format!("{:>8.2}", number(row.score))).collect();
        let label = format!("{name} ({})", if rows[0].measure == "R²" { "R²" } else { "acc." });
        line(text, format_args!("{label:<18}{:>6.2}{cells}", number(rows[0].baseline)));
    }
}
