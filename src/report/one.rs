//! The page of one run.

use super::{
    arena, charts,
    evaluated::evaluated,
    lineage::from_the_beginning,
    page::{self, Cell, duration, facts, figures, folded, grouped, paragraph, section, table, verbatim},
    pictures, settings,
};
use crate::{
    config::Mode,
    plot::{self, Panel},
    record::{JournalKind, ProbeRow, SavedRun},
};

/// Its three charts; of a fork, from its parent's beginning on.
pub(super) fn charts(run: &SavedRun) -> Vec<Panel> {
    let run = &from_the_beginning(run);
    let charts = match run.config.has_encoder() {
        true => [charts::losses(run), charts::information(run), charts::accuracy(run)],
        false => arena::charts(run),
    };
    charts.iter().map(plot::Chart::panel).collect()
}

pub(super) fn page(run: &SavedRun) -> String {
    let mut panels = charts(run);
    panels.extend(pictures::scores(run));
    panels.extend(pictures::factors(run));
    panels.extend(pictures::confusion(run, "Y"));
    let others: Vec<Panel> = ["fc", "conv"].iter().filter_map(|layer| pictures::confusion(run, layer)).collect();
    let mut body = section("What it was", &facts(&what(run)));
    body += &result(run);
    body += &section("Course", &figures(&panels));
    if !others.is_empty() {
        body += &folded("Confusion of the other layers", &figures(&others));
    }
    body += &section("What it began with", &began(run));
    body += &section("What happened", &journal(run));
    body += &evaluated(run.eval.as_ref());
    page::page(&run.name(), &subtitle(run), &body)
}

fn fact(run: &SavedRun, key: &str) -> Option<String> {
    run.summary.as_ref()?.facts.get(key).cloned()
}

fn subtitle(run: &SavedRun) -> String {
    let data = fact(run, "data").unwrap_or_else(|| run.config.data.name.clone());
    let encoder = fact(run, "encoder").map(|e| format!(" · {e}")).unwrap_or_default();
    format!("{data}{encoder} · {} steps · {}", grouped(run.last_step()), ending(run))
}

/// How it ended, in words.
pub(super) fn ending(run: &SavedRun) -> String {
    run.summary.as_ref().map_or_else(|| "no end recorded: killed, or not finished yet".into(), |s| s.outcome.clone())
}

/// Training time, pauses excluded.
pub(super) fn seconds(run: &SavedRun) -> f64 {
    run.summary.as_ref().map(|s| s.seconds).or_else(|| run.steps.last().map(|r| r.seconds)).unwrap_or(f64::NAN)
}

fn what(run: &SavedRun) -> Vec<(&'static str, String)> {
    let (config, end) = (&run.config, run.config_at_end());
    let mut pairs = vec![("Data", fact(run, "data").unwrap_or_else(|| config.data.name.clone()))];
    let mut add = |name, value: Option<String>| pairs.extend(value.map(|v| (name, v)));
    add("Encoder", fact(run, "encoder"));
    add("Parameters", fact(run, "parameters").map(|n| n.parse().map_or(n.clone(), grouped)));
    add("Objective at the start", config.has_encoder().then(|| objective(run)));
    let planned = if end.optim.epochs > 0 { format!("{} epochs", end.optim.epochs) } else { grouped(end.optim.steps) };
    add("Steps", Some(format!("{} of {planned}", grouped(run.last_step()))));
    add("Epochs", run.summary.as_ref().filter(|s| s.epochs > 0.0).map(|s| plot::value(s.epochs)));
    let own = run.last_step() - run.forked_from().map_or(0, |(_, step)| step.min(run.last_step()));
    let rate = own as f64 * end.optim.batch as f64 / seconds(run);
    let speed = if rate.is_finite() { format!(", about {rate:.0} examples a second") } else { String::new() };
    add("Training time", Some(format!("{}{speed}", duration(seconds(run)))));
    let threads = fact(run, "threads").map(|n| format!(", {n} thread{}", if n == "1" { "" } else { "s" })).unwrap_or_default();
    add("Device", fact(run, "device").map(|d| format!("{d}{threads}")));
    add("Seed", Some(config.seed.to_string()));
    let start = run.journal.iter().find(|r| r.kind == JournalKind::Start);
    add("Begun", start.map(|r| r.time.clone()));
    add("Origin", start.and_then(|r| r.reason.clone()));
    add("Ended", Some(ending(run)));
    add("Program", run.summary.as_ref().map(|s| format!("dim-tui {}", s.version)));
    pairs
}

/// Its terms as a sentence.
fn objective(run: &SavedRun) -> String {
    let (config, mut terms) = (&run.config, Vec::new());
    let (local, global, prior) = (&config.objective.local, &config.objective.global, &config.objective.prior);
    let word = |mode: Mode| if mode == Mode::Monitor { " (only watched)" } else { "" };
    if local.mode != Mode::Off {
        terms.push(format!(
            "local × {}{}: {}, K = {}",
            local.weight,
            word(local.mode),
            config.local_estimator(),
            config.local_negatives()
        ));
    }
    if global.mode != Mode::Off {
        terms.push(format!(
            "global × {}{}: {}, K = {}",
            global.weight,
            word(global.mode),
            config.global_estimator(),
            config.global_negatives()
        ));
    }
    if prior.mode != Mode::Off {
        terms.push(format!("prior × {}{}", prior.weight, word(prior.mode)));
    }
    terms.join("; ")
}

/// The numbers it came to.
fn result(run: &SavedRun) -> String {
    if let Some((step, truth, table)) = arena::last(run) {
        let words = format!(
            "Step {}, over the last 200 steps since the truth was moved; the truth is {} nats.",
            grouped(step),
            plot::value(truth)
        );
        return section("Result", &[paragraph(&words), table].concat());
    }
    let Some(last) = run.probes.last() else { return String::new() };
    let first = run.probes.first().filter(|r| r.step == 0 && last.step > 0);
    type Share = fn(&ProbeRow) -> f64;
    let read: [(&str, Share); 4] = [
        ("linear on conv", |r| r.accuracy.linear.conv),
        ("linear on fc", |r| r.accuracy.linear.fc),
        ("linear on Y", |r| r.accuracy.linear.y),
        ("nearest neighbours on Y", |r| r.accuracy.knn.y),
    ];
    let mut rows: Vec<Vec<Cell>> =
        read.iter().map(|(name, of)| vec![Cell::text(*name), Cell::share(Some(of(last))), Cell::share(first.map(of))]).collect();
    let pixels = run.probes.iter().find_map(|r| r.pixels);
    rows.extend(pixels.map(|v| vec![Cell::text("linear on raw pixels"), Cell::share(Some(v)), Cell::Nothing]));
    rows.push(vec![Cell::text("chance"), Cell::share(Some(last.chance)), Cell::Nothing]);
    let probes = table(&["probe", &format!("step {}", last.step), "untrained"], &rows);
    let nats: [(&str, Option<f64>); 4] = [
        ("local, held out", last.mi_heldout.local),
        ("local, guaranteed", last.mi_guaranteed.local),
        ("global, held out", last.mi_heldout.global),
        ("global, guaranteed", last.mi_guaranteed.global),
    ];
    let known: Vec<Vec<Cell>> =
        nats.iter().filter(|n| n.1.is_some()).map(|(name, v)| vec![Cell::text(*name), Cell::number(*v)]).collect();
    let nats = if known.is_empty() { String::new() } else { table(&["mutual information", "nats"], &known) };
    section("Result", &format!("<div class=\"figures\">\n{probes}{nats}</div>\n"))
}

fn began(run: &SavedRun) -> String {
    [settings::not_default(run), folded("Every setting (config.toml)", &verbatim(&run.config.to_toml()))].concat()
}

/// The journal as a table. Checkpoints, of which there are many, are counted.
fn journal(run: &SavedRun) -> String {
    let kind = |k| serde_json::to_value::<JournalKind>(k).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
    let told = run.journal.iter().filter(|r| r.kind != JournalKind::Checkpoint);
    let rows: Vec<Vec<Cell>> = told
        .map(|r| {
            let words = if r.key.is_some() || r.reason.is_some() { r.sentence() } else { String::new() };
            let words =
                words.strip_prefix(&kind(r.kind)).map_or(words.clone(), |rest| rest.trim_start_matches([':', ' ']).to_owned());
            vec![Cell::count(r.step), Cell::text(r.time.clone()), Cell::text(kind(r.kind)), Cell::text(words)]
        })
        .collect();
    let saved: Vec<u64> = run.journal.iter().filter(|r| r.kind == JournalKind::Checkpoint).map(|r| r.step).collect();
    let checkpoints = match &saved[..] {
        [] => String::new(),
        [one] => paragraph(&format!("One checkpoint was written, at step {}.", grouped(*one))),
        all => paragraph(&format!("{} checkpoints were written, the last at step {}.", all.len(), grouped(all[all.len() - 1]))),
    };
    [table(&["step", "time", "kind", "what"], &rows), checkpoints].concat()
}
