//! Bytes as one file of a run directory: the first one says which, the others are the file, and the rest of the run is sound.

use std::{fs, path::Path};

use dim_tui::{
    record::{SavedRun, cut_back, find_runs, read_rows},
    tui,
};
use serde_json::Value;

const FILES: [&str; 6] = ["config.toml", "metrics.jsonl", "probes.jsonl", "journal.jsonl", "summary.json", "eval.json"];

pub fn check(bytes: &[u8]) {
    let Some((which, file)) = bytes.split_first() else { return };
    let name = FILES[usize::from(*which) % FILES.len()];
    let folder = super::folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("config.toml"), "").expect("it is written");
    fs::write(at(name), file).expect("it is written");
    match SavedRun::open(folder.path()) {
        Ok(run) => {
            run.last_step();
            let end = run.config_at_end();
            assert_eq!(end.with(&[]).ok(), Some(end), "a configuration that no run can have had");
            assert_eq!(find_runs(folder.path()).expect("a folder"), [folder.path()]);
        }
        Err(e) => super::sentence(&e.to_string(), name),
    }
    for file in ["metrics.jsonl", "probes.jsonl", "journal.jsonl", "summary.json"] {
        if !at(file).exists() {
            fs::write(at(file), "").expect("it is written");
        }
    }
    // It is drawn, or refused in a word. Steps that no run can reach are another matter.
    if steps(file).any(|step| step > 1 << 53) {
        return;
    }
    for panel in [None, Some("mi"), Some("probes")] {
        match tui::screenshot(folder.path(), 100, 30, panel) {
            Ok(svg) => assert!(svg.ends_with("</svg>\n") || svg.ends_with("</svg>")),
            Err(e) => super::sentence(&format!("{e:#}"), name),
        }
    }
    if name.ends_with(".jsonl") {
        cut(&at(name), file);
    }
}

/// The steps of the rows, as far as they are rows.
fn steps(file: &[u8]) -> impl Iterator<Item = u64> {
    let lines = file.split(|b| *b == b'\n');
    lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()?.get("step")?.as_u64())
}

/// What is left after a cut is the beginning of the file, in whole lines, with no row after the step.
fn cut(path: &Path, before: &[u8]) {
    const LAST: u64 = 50;
    cut_back(path, Some(LAST)).expect("a file can be shortened");
    let after = fs::read(path).expect("it is there");
    assert!(before.starts_with(&after) && (after.is_empty() || after.ends_with(b"\n")));
    let rows: Vec<Value> = read_rows(path).expect("it is there");
    assert!(rows.iter().all(|row| row.get("step").and_then(Value::as_u64).is_none_or(|step| step <= LAST)));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let read = |run: &str, name: &str| fs::read(super::root().join("tests/fixtures").join(run).join(name)).ok();
    let mut seeds = Vec::new();
    for (which, name) in FILES.iter().enumerate() {
        for run in ["run", "arena"] {
            let Some(mut file) = read(run, name) else { continue };
            if name.ends_with(".jsonl") {
                // The first lines tell as much as all of them.
                let end = file.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(4).map_or(file.len(), |(i, _)| i + 1);
                file.truncate(end);
            }
            seeds.push(super::tagged(which as u8, &file));
        }
    }
    let hostile = [
        (
            1,
            "{\"step\":18446744073709551615,\"seconds\":1e308,\"examples_per_second\":null,\"loss\":-1e308,\"terms\":{},\"mi\":{\"local\":1e308},\"ceiling\":{\"local\":-1e308},\"estimator\":{},\"negatives\":{},\"lr\":0,\"grad_norm\":0}\n",
        ),
        (
            3,
            "{\"step\":3,\"time\":\"x\",\"kind\":\"change\",\"key\":\"optim.batch\",\"from\":1,\"to\":{\"a\":[null]},\"source\":\"key\",\"reason\":null}\n",
        ),
        (5, "[[[[[[[["),
    ];
    seeds.extend(hostile.map(|(which, text)| super::tagged(which, text.as_bytes())));
    seeds
}
