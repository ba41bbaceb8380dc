//! What the last probe of a run looked like: confusion of the classes, factors read from each layer, held-out scores.

use crate::{
    plot::{self, Axis, Bar, Bars, Cell, Chart, Heat, Line, Look, Panel},
    record::{FactorScores, Histogram, Measure, SavedRun},
};

/// The names of the classes; their numbers where the run did not keep names.
fn classes(run: &SavedRun, n: usize) -> Vec<String> {
    let kept = run.summary.as_ref().and_then(|s| s.facts.get("classes"));
    let names: Vec<String> = kept.map(|text| text.split(", ").map(str::to_owned).collect()).unwrap_or_default();
    if names.len() == n { names } else { (0..n).map(|i| i.to_string()).collect() }
}

/// The newest confusion of a layer's linear probe: rows are the classes, columns the answers.
pub(super) fn confusion(run: &SavedRun, layer: &str) -> Option<Panel> {
    let (step, all) = run.probes.iter().rev().find_map(|r| Some((r.step, r.confusion.as_ref()?)))?;
    let counts = match layer {
        "conv" => &all.conv,
        "fc" => &all.fc,
        _ => &all.y,
    };
    if counts.is_empty() {
        return None;
    }
    let names = classes(run, counts.len());
    let (right, total) = counts.iter().enumerate().fold((0u64, 0u64), |(right, total), (i, row)| {
        (right + u64::from(row.get(i).copied().unwrap_or(0)), total + row.iter().map(|&n| u64::from(n)).sum::<u64>())
    });
    let row = |(class, row): (usize, &Vec<u32>)| -> Vec<Cell> {
        let sum = row.iter().sum::<u32>();
        let cell = |(answer, &n): (usize, &u32)| Cell {
            share: if sum > 0 { f64::from(n) / f64::from(sum) } else { f64::NAN },
            text: if n > 0 { n.to_string() } else { String::new() },
            tooltip: format!("{n} of {sum} {}: taken for {}", names[class], names.get(answer).map_or("?", |s| s)),
        };
        row.iter().enumerate().map(cell).collect()
    };
    let heat = Heat {
        title: format!("Confusion, linear probe on {layer}"),
        note: format!("step {step}, test images; {right} of {total} right"),
        row_title: "class".into(),
        column_title: "answer".into(),
        cells: counts.iter().enumerate().map(row).collect(),
        columns: names.clone(),
        rows: names,
    };
    Some(heat.panel())
}

/// How well each known factor is read from each layer, now and before training.
pub(super) fn factors(run: &SavedRun) -> Option<Panel> {
    let last = run.probes.iter().rev().find(|r| !r.factors.is_empty())?;
    let first = run.probes.first().filter(|r| r.step == 0 && r.step < last.step);
    let bars = |now: &FactorScores| {
        let before = first.and_then(|r| r.factors.iter().find(|f| f.name == now.name)).map(|f| f.score);
        let bar = |value: Option<f64>, before: Option<f64>| Bar {
            value: value.unwrap_or(f64::NAN),
            error: 0.0,
            before: before.unwrap_or(f64::NAN),
        };
        let score = now.score;
        vec![
            bar(score.conv, before.and_then(|b| b.conv)),
            bar(score.fc, before.and_then(|b| b.fc)),
            bar(score.y, before.and_then(|b| b.y)),
        ]
    };
    let label = |f: &FactorScores| match f.measure {
        Measure::Accuracy => format!("{} ({})", f.name, plot::percent(f.baseline.unwrap_or(f64::NAN))),
        Measure::R2 => format!("{}, R²", f.name),
    };
    let picture = Bars {
        title: "Factors of the images, read by a linear model".into(),
        note: format!("step {}; ticks: before training; (%): accuracy of a constant answer", last.step),
        series: ["conv", "fc", "Y"].map(String::from).to_vec(),
        groups: last.factors.iter().map(|f| (label(f), bars(f))).collect(),
    };
    Some(picture.panel())
}

/// How the held-out scores of each term lay at the last probe, those of joint beside those of marginal pairs.
pub(super) fn scores(run: &SavedRun) -> Vec<Panel> {
    let Some(last) = run.probes.iter().rev().find(|r| !r.histograms.is_empty()) else { return Vec::new() };
    let kinds = [("joint", "same image", Look::solid(0)), ("marginal", "different images", Look::solid(1).dashed("7 3"))];
    let chart = |term: &str| {
        let line = |(kind, label, look): (&str, &str, Look)| {
            let found = last.histograms.iter().find(|h| h.name == format!("scores/{term}/{kind}"))?;
            Some(Line { tells_last: false, ..Line::new(label, look, outline(found)) })
        };
        let lines: Vec<Line> = kinds.into_iter().filter_map(line).collect();
        let most = lines.iter().flat_map(|l| &l.points).map(|p| p.1).fold(0.0, f64::max);
        let title = format!("Held-out scores of the {term} term, step {}", last.step);
        let y = Axis { range: Some((0.0, 1.05 * most.max(f64::MIN_POSITIVE))), ..Axis::of("density") };
        (!lines.is_empty()).then(|| Chart { title, x: Axis::of("score"), y, lines, ..Chart::default() }.panel())
    };
    ["local", "global"].into_iter().filter_map(chart).collect()
}

/// The outline of a histogram whose area is 1.
fn outline(histogram: &Histogram) -> Vec<(f64, f64)> {
    let total = histogram.counts.iter().sum::<u64>().max(1) as f64;
    let steps = histogram.bins().into_iter().flat_map(|[left, right, n]| [left, right].map(|x| (x, n / total / (right - left))));
    std::iter::once((histogram.low, 0.0)).chain(steps).chain([(histogram.high, 0.0)]).collect()
}
