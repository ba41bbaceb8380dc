//! Pages and tables of the recorded runs in `tests/fixtures`, and of runs made up from them.

mod courses;
mod figures;

use std::{collections::BTreeSet, path::Path};

use super::*;
use crate::record::{Histogram, JournalKind, ProbeRow};

fn fixture(name: &str) -> SavedRun {
    SavedRun::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

fn one(run: SavedRun) -> Report {
    Report::new(vec![run])
}

/// The run under another name, with other settings, and this accuracy on Y at its last probe.
fn variant(name: &str, edits: &[(&str, toml::Value)], y: f64) -> SavedRun {
    let mut run = fixture("run");
    run.path = PathBuf::from("somewhere").join(name);
    let edits: Vec<(String, toml::Value)> = edits.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    run.config = run.config.with(&edits).unwrap();
    run.probes.last_mut().unwrap().accuracy.linear.y = y;
    run
}

/// Reads a text as strict XML: every element closed in order, attributes quoted and named once, no bare `<` or `&`, none of the
/// characters that XML forbids. The names of the elements, and the attributes.
fn elements(text: &str) -> (BTreeSet<String>, Vec<(String, String)>) {
    let (mut open, mut names, mut attributes) = (Vec::<String>::new(), BTreeSet::new(), Vec::new());
    assert!(text.chars().all(|c| !c.is_control() || "\n\t".contains(c)), "a character that XML forbids");
    let mut rest = text.strip_prefix("<!DOCTYPE html>\n").unwrap_or(text);
    while let Some(start) = rest.find('<') {
        entities(&rest[..start]);
        let end = start + rest[start..].find('>').expect("an element that does not end");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed in order");
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut list) = tag.split_once(' ').unwrap_or((tag, ""));
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "<{tag}>");
        names.insert(name.to_owned());
        let mut here = BTreeSet::new();
        while !list.trim().is_empty() {
            let (key, value) = list.trim_start().split_once("=\"").unwrap_or_else(|| panic!("attributes of <{tag}>"));
            let (value, after) = value.split_once('"').unwrap_or_else(|| panic!("a quote in <{tag}>"));
            assert!(here.insert(key.to_owned()), "{key} twice in <{tag}>");
            entities(value);
            attributes.push((key.to_owned(), value.to_owned()));
            list = after;
        }
        if !empty {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    (names, attributes)
}

fn entities(text: &str) {
    for part in text.split('&').skip(1) {
        let name = part.split(';').next().unwrap_or_default();
        assert!(["amp", "lt", "gt", "quot"].contains(&name), "&{name}");
    }
}

/// The values of the numbers in tables, as programs read them.
fn numbers(html: &str) -> Vec<f64> {
    html.split("<data value=\"").skip(1).map(|part| part.split('"').next().unwrap().parse().unwrap()).collect()
}

/// A page is XML, and nothing in it is run or loaded.
fn sound(html: &str) {
    let (names, attributes) = elements(html);
    for active in ["script", "link", "img", "iframe", "object", "image", "use"] {
        assert!(!names.contains(active), "<{active}>");
    }
    assert!(attributes.iter().all(|(key, _)| !["src", "href", "onload", "onclick", "style"].contains(&key.as_str())));
    assert!(!html.contains("http") && !html.contains("url(") && !html.contains("@import"));
    assert!(!html.contains("NaN") && html.contains("prefers-color-scheme: dark"));
}

#[test]
fn a_page_of_one_run_says_what_its_files_say() {
    let run = fixture("run");
    let (last, first) = (run.probes.last().unwrap().clone(), run.probes[0].clone());
    let html = one(run.clone()).html();
    sound(&html);
    let told = numbers(&html);
    let of = |row: &ProbeRow| [row.accuracy.linear.conv, row.accuracy.linear.fc, row.accuracy.linear.y, row.accuracy.knn.y];
    for value in
        of(&last).into_iter().chain(of(&first)).chain([first.pixels.unwrap(), last.chance, last.mi_heldout.local.unwrap()])
    {
        assert!(told.contains(&value), "{value} is not in a table");
    }
    for row in run.journal.iter().filter(|r| r.kind == JournalKind::Change) {
        let words = plot::escaped(&row.sentence());
        assert!(html.contains(&format!("<td>{words}</td>")), "{words} is not in the journal");
        assert!(html.contains(&format!("before step {}: {words}</title>", row.step)), "{words} is no mark");
    }
    assert!(html.contains("400 of 400") && html.contains("2 min 37 s") && html.contains("3,056,826"));
    assert!(html.contains("Confusion, linear probe on Y") && html.contains("heart: taken for"));
    assert!(html.contains("Factors of the images") && html.contains("hue, R²"));
    // Below the fold: what it began with.
    assert!(html.contains("<td>optim.steps</td><td>400</td><td>3000</td>"), "what is not the default");
    assert!(html.len() < 300_000, "{} bytes", html.len());
}

#[test]
fn a_page_of_the_arena_shows_estimators_beside_the_truth() {
    let run = fixture("arena");
    let last = run.steps.last().unwrap().arena.clone().unwrap();
    let report = one(run.clone());
    let html = report.html();
    sound(&html);
    let told = numbers(&html);
    for (name, bias) in &last.bias {
        let bias = bias.unwrap();
        assert!(told.contains(&bias) && told.contains(&(last.truth + bias)), "{name}");
        assert!(told.contains(&bias.hypot(last.deviation[name].unwrap())), "{name}");
    }
    let [information, bias, _] = arena::charts(&run);
    let names: Vec<&str> = information.lines.iter().map(|l| l.label.as_str()).filter(|l| !l.is_empty()).collect();
    assert_eq!(names, ["ceiling", "dv", "infonce", "nwj", "smile:tau=5", "truth"]);
    assert_eq!(bias.marks.len(), 4);
    assert!(html.contains("checkpoints were written") && !html.contains("Probe accuracy"));
    let csv = report.csv().unwrap();
    let head: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    assert!(head.contains(&"bias:infonce") && head.contains(&"truth"), "{head:?}");
    assert_eq!(csv.lines().count(), 201);
}

#[test]
fn the_rows_of_one_run_stand_beside_its_probes() {
    let run = fixture("run");
    let csv = one(run.clone()).csv().unwrap();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let head = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(|r| r.unwrap()).collect();
    assert_eq!(rows.len(), run.steps.len() + 1, "the probe of the untrained encoder has a row of its own");
    let cell = |step: u64, name: &str| {
        let column = head.iter().position(|h| h == name).unwrap_or_else(|| panic!("no column {name}"));
        rows.iter().find(|r| r[0] == step.to_string()).unwrap()[column].to_owned()
    };
    assert_eq!(cell(0, "linear_pixels"), run.probes[0].pixels.unwrap().to_string());
    assert_eq!((cell(0, "loss"), cell(2, "linear_y"), cell(2, "loss_global")), (String::new(), String::new(), String::new()));
    assert_eq!(cell(400, "loss"), run.steps.last().unwrap().loss.to_string());
    assert_eq!(cell(400, "linear_y"), run.probes.last().unwrap().accuracy.linear.y.to_string());
    assert_eq!(cell(400, "estimator_local"), "infonce");
}

#[test]
fn two_runs_are_laid_over_each_other_and_their_settings_compared() {
    let runs = vec![variant("first", &[], 0.25), variant("a<b>&\"c\"", &[("optim.lr", 0.001.into()), ("seed", 7.into())], 0.5)];
    let report = Report::new(runs);
    let html = report.html();
    sound(&html);
    assert!(html.contains("<td>optim.lr</td><td>0.0001</td><td>0.001</td>"), "{html}");
    assert!(html.contains("<td>seed</td><td>0</td><td>7</td>") && html.contains("a&lt;b&gt;&amp;&quot;c&quot;"));
    assert!(numbers(&html).contains(&0.25) && numbers(&html).contains(&0.5));
    assert!(html.contains("Accuracy of a linear probe on Y") && !html.contains("Results by settings"));
    let svg = report.svg();
    elements(&svg);
    assert!(svg.contains("Accuracy of a linear probe on Y") && !svg.contains("Mutual information"), "one chart");
    assert_eq!(report.csv().unwrap().lines().next().unwrap().split(',').next(), Some("optim.lr"));
}

#[test]
fn scores_lie_under_outlines_of_area_one() {
    let mut run = fixture("run");
    let histogram = Histogram { name: "scores/local/joint".into(), low: 0.0, high: 4.0, counts: vec![1, 3] };
    run.probes.last_mut().unwrap().histograms = vec![histogram];
    let html = one(run.clone()).html();
    sound(&html);
    assert!(html.contains("Held-out scores of the local term, step 400") && !html.contains("scores of the global term"));
    // Densities of 1/4/2 and 3/4/2: a third of the height, and all of it but the room above.
    let panel = &pictures::scores(&run)[0];
    assert!(panel.body.contains("M4 204L4 140.5L222 140.5L222 13.5L440 13.5L440 204"), "{}", panel.body);
}

#[test]
fn what_eval_found_is_shown() {
    let mut run = fixture("run");
    run.eval = Some(serde_json::json!({
        "step": 400, "protocol": "quick", "train": 5000, "test": 2000, "seeds": 1,
        "probes": [{"encoder": "trained", "layer": "y", "probe": "linear", "test_accuracy": 0.4375, "standard_error": null, "confusion": [[1, 2], [3, 4]]}],
        "mine": [{"encoder": "trained", "value": {"nats": 3.25, "low": 3.0}}],
        "notes": ["a < b"],
    }));
    let html = one(run).html();
    sound(&html);
    assert!(numbers(&html).contains(&0.4375) && numbers(&html).contains(&3.25) && html.contains("a &lt; b"));
    assert!(html.contains("<th class=\"n\">test accuracy</th>") && html.contains("<th class=\"n\">nats</th>"));
}

#[test]
fn an_unfinished_run_and_an_empty_one_have_pages() {
    let mut run = fixture("run");
    run.summary = None;
    run.steps.truncate(3);
    run.probes.clear();
    let html = one(run.clone()).html();
    sound(&html);
    assert!(html.contains("no end recorded") && html.contains("no probe was taken"));
    run.steps.clear();
    run.journal.clear();
    let report = one(run);
    sound(&report.html());
    elements(&report.svg());
    assert_eq!(report.csv().unwrap().lines().count(), 1);
}

#[test]
fn a_long_run_makes_no_long_page() {
    let mut run = fixture("run");
    let row = run.steps[0].clone();
    run.steps = (1..=100_000)
        .map(|step| {
            let wave = (step as f64 / 50.0).sin() + (step % 13) as f64;
            let mut row = row.clone();
            (row.step, row.loss, row.terms.local, row.mi.local) = (step, wave, Some(wave), Some(wave));
            row
        })
        .collect();
    run.steps[70_000].loss = 99.0;
    let html = one(run.clone()).html();
    assert!(html.len() < 1_000_000, "{} bytes", html.len());
    sound(&html);
}

#[test]
fn runs_of_one_name_are_told_apart_and_a_run_counts_once() {
    let named = |path: &str| SavedRun { path: path.into(), ..fixture("run") };
    assert_eq!(names(&[named("x/a/000"), named("x/b/000"), named("x/b/001")]), ["a/000", "b/000", "001"]);
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let report = Report::open(&[base.join("run"), base.join("run"), base.join("arena")]).unwrap();
    assert_eq!(report.names, ["run", "arena"]);
    let error = Report::open(&[base.join("npy-that-is-not-there")]).unwrap_err().to_string();
    assert!(error.contains("npy-that-is-not-there"), "{error}");
    let empty = tempfile::tempdir().unwrap();
    let error = Report::open(&[empty.path().to_owned()]).unwrap_err().to_string();
    assert!(error.contains("has no runs in it"), "{error}");
}
