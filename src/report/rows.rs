//! Rows for spreadsheets and other programs, as CSV.

use std::collections::BTreeMap;

use super::{ReportError, arena};
use crate::{
    record::{ArenaRow, ProbeRow, SavedRun, StepRow, csv_rows},
    sweep,
};

/// The steps of a run, each with the probe taken after it, if one was. An arena's estimators have four columns each.
pub(super) fn of_one(run: &SavedRun) -> Result<String, ReportError> {
    let mut rows: BTreeMap<u64, (Option<&StepRow>, Option<&ProbeRow>)> = BTreeMap::new();
    run.steps.iter().for_each(|row| rows.entry(row.step).or_default().0 = Some(row));
    run.probes.iter().for_each(|row| rows.entry(row.step).or_default().1 = Some(row));
    let estimators = arena::estimators(run);
    let kinds = ["nats", "bias", "deviation", "ceiling"];
    let named = estimators.iter().flat_map(|name| kinds.map(|kind| format!("{kind}:{name}")));
    let probe_head = csv_rows::PROBES.iter().skip(1).map(|c| if *c == "seconds" { "probe_seconds" } else { c }.to_owned());
    let head = csv_rows::METRICS.iter().map(|c| (*c).to_owned()).chain(probe_head).chain(named);
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(head)?;
    for (step, (metrics, probe)) in rows {
        let blank = |n: usize| vec![String::new(); n];
        let mut cells =
            metrics.map_or_else(|| [vec![step.to_string()], blank(csv_rows::METRICS.len() - 1)].concat(), csv_rows::metrics);
        let probe = probe.map_or_else(|| blank(csv_rows::PROBES.len()), csv_rows::probe);
        cells.extend(probe.into_iter().skip(1));
        let of = metrics.and_then(|row| row.arena.as_ref());
        cells.extend(estimators.iter().flat_map(|name| beside_the_truth(of, name)));
        out.write_record(cells)?;
    }
    text(out)
}

fn beside_the_truth(row: Option<&ArenaRow>, name: &str) -> [String; 4] {
    let Some(row) = row else { return Default::default() };
    [&row.nats, &row.bias, &row.deviation, &row.ceiling].map(|of| csv_rows::number(of.get(name).copied().flatten()))
}

/// A row for each point of the settings that differ, means over its seeds.
pub(super) fn of_several(runs: &[SavedRun]) -> String {
    sweep::table(runs).csv()
}

fn text(out: csv::Writer<Vec<u8>>) -> Result<String, ReportError> {
    let bytes = out.into_inner().map_err(|e| csv::Error::from(e.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
