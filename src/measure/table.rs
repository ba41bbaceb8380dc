//! The report as text for people.

use std::fmt::Write;

use super::{ProbeRow, Report};
use crate::eval::PROBES;

/// The report as tables, 80 columns where names allow it.
pub fn table(report: &Report) -> String {
    let mut text = format!(
        "{}, step {} ({:.1} epochs): {} training and {} test images, {} classes; protocol {}, {} seed{}\n",
        report.data,
        report.step,
        report.epochs,
        report.train,
        report.test,
        report.classes.len(),
        report.protocol,
        report.seeds,
        if report.seeds == 1 { "" } else { "s" },
    );
    probes(report, &mut text);
    code(report, &mut text);
    factors(report, &mut text);
    for note in &report.notes {
        line(&mut text, format_args!("\n{note}"));
    }
    line(&mut text, format_args!("\n{:.0} seconds", report.seconds));
    text
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
    line(text, format_args!("\nAccuracy on test images, % (on training images); most frequent class {chance:.1}\n"));
    let head: String = PROBES.iter().map(|probe| format!("{:>20}", probe.name)).collect();
    line(text, format_args!("{:<18}{head}", ""));
    let mut rows: Vec<(&str, &str)> = report.probes.iter().map(|row| (row.encoder, row.layer)).collect();
    rows.dedup();
    for (encoder, layer) in rows {
        let cell = |row: &ProbeRow| format!("{:>20}", format!("{} ({:.0})", percent(row), 100.0 * row.train_accuracy));
        let cells: String = report.probes.iter().filter(|r| (r.encoder, r.layer) == (encoder, layer)).map(cell).collect();
        let name = if encoder == layer { layer.to_owned() } else { format!("{layer} {encoder}") };
        line(text, format_args!("{name:<18}{cells}"));
    }
}

/// What is known of the code, the trained beside the untrained.
fn code(report: &Report, text: &mut String) {
    let mut rows: Vec<(String, Vec<String>)> = Vec::new();
    let mut row = |name: &str, values: Vec<String>| {
        if !values.is_empty() {
            rows.push((name.to_owned(), values));
        }
    };
    let codes = &report.code;
    row("effective rank (RankMe)", codes.iter().map(|c| format!("{:.1} of {}", c.rank_me, c.units)).collect());
    row("  less the mean", codes.iter().map(|c| format!("{:.1}", c.centred_rank)).collect());
    row("units that do not move", codes.iter().map(|c| c.idle.to_string()).collect());
    row("alignment", codes.iter().map(|c| format!("{:.3}", c.alignment)).collect());
    row("uniformity", codes.iter().map(|c| format!("{:.3}", c.uniformity)).collect());
    let number = |v: Option<f64>, digits: usize| v.map_or("no number".into(), |v| format!("{v:.digits$}"));
    row("NDM, nats", report.ndm.iter().map(|n| number(n.value, 3)).collect());
    let interval = |e: &crate::mi::HeldOut| {
        let ends = e.low.zip(e.high).map(|(low, high)| format!(" [{low:.2}, {high:.2}]")).unwrap_or_default();
        format!("{}{ends}", number(e.nats, 2))
    };
    row("MINE(X; Y), nats", report.mine.iter().map(|m| interval(&m.value)).collect());
    let pictures = &report.reconstruction;
    row("reconstruction: MSE", pictures.iter().map(|r| format!("{:.4}", r.value.mse)).collect());
    row("  SSIM", pictures.iter().map(|r| number(r.value.ssim, 3)).collect());
    let scales = pictures.first().map_or(0, |r| r.value.scales);
    row(&format!("  MS-SSIM ({scales} scales)"), pictures.iter().map(|r| number(r.value.ms_ssim, 3)).collect());
    if rows.is_empty() {
        return;
    }
    line(text, format_args!("\nCode Y{:<24}{:>22}{:>22}", "", "trained", "untrained"));
    for (name, values) in rows {
        let cells: String = values.iter().map(|v| format!("{v:>22}")).collect();
        line(text, format_args!("{name:<30}{cells}"));
    }
    if let Some(first) = pictures.first() {
        line(text, format_args!("(MSE of the mean image: {:.4})", first.value.mse_of_mean));
    }
}

fn factors(report: &Report, text: &mut String) {
    if report.factors.is_empty() {
        return;
    }
    line(text, format_args!("\nFactors read from a layer: R², or accuracy of a linear probe, on test images\n"));
    let mut columns: Vec<(&str, &str)> = report.factors.iter().map(|row| (row.encoder, row.layer)).collect();
    columns.dedup();
    let head = |part: fn(&(&str, &str)) -> String| columns.iter().map(|c| format!("{:>11}", part(c))).collect::<String>();
    line(text, format_args!("{:<22}{:>9}{}", "", "knowing", head(|c| c.1.to_owned())));
    line(text, format_args!("{:<22}{:>9}{}", "", "nothing", head(|c| c.0.to_owned())));
    let mut names: Vec<&str> = Vec::new();
    report.factors.iter().for_each(|row| {
        if !names.contains(&row.factor) {
            names.push(row.factor);
        }
    });
    for name in names {
        let rows: Vec<_> = report.factors.iter().filter(|row| row.factor == name).collect();
        let cells: String = rows.iter().map(|row| format!("{:>11.2}", row.score)).collect();
        let label = format!("{name} ({})", rows[0].measure);
        line(text, format_args!("{label:<22}{:>9.2}{cells}", rows[0].baseline));
    }
}
