//! Pages, pictures and tables of the recorded runs in `tests/fixtures`, and of runs made up from them.

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
fn marks_and_breaks_are_where_the_changes_were() {
    let run = fixture("run");
    let chart = charts::losses(&run);
    assert_eq!(chart.marks.iter().map(|m| m.x).collect::<Vec<_>>(), [120.0, 200.0, 280.0, 340.0]);
    let total = chart.lines.iter().find(|l| l.label == "total").unwrap();
    let gaps: Vec<f64> = total.points.iter().filter(|p| p.1.is_nan()).map(|p| p.0).collect();
    assert_eq!(gaps, [120.0, 200.0, 280.0], "a learning rate breaks no loss");
    let kept: Vec<f64> = total.points.iter().map(|p| p.1).filter(|v| !v.is_nan()).collect();
    assert_eq!(kept, run.steps.iter().map(|r| r.loss).collect::<Vec<_>>());
    // The estimates go on over the marks, but end where a term is off.
    let information = charts::information(&run);
    let line = |name: &str| information.lines.iter().find(|l| l.label == name).unwrap_or_else(|| panic!("no line {name}"));
    assert!(line("local, training").points.iter().all(|p| p.1.is_finite()));
    let global = &line("global, training").points;
    assert!(global.iter().all(|p| p.1.is_finite() == (p.0 >= 200.0)), "off until step 200");
    assert_eq!(information.y.range.unwrap().0, -5.0, "an untrained critic reads far below 0");
    let accuracy = charts::accuracy(&run);
    let references: Vec<&str> = accuracy.references.iter().map(|r| r.label.as_str()).collect();
    assert_eq!(references, ["", "", "", "pixels", "chance"]);
    assert_eq!(accuracy.references[0].y, run.probes[0].accuracy.linear.conv);
}

#[test]
fn what_is_not_finite_is_a_gap() {
    let mut run = fixture("run");
    run.steps[10].loss = f64::NAN;
    run.steps[11].terms.local = None;
    run.probes[3].accuracy.linear.y = f64::NAN;
    let gaps = |line: &plot::Line| line.points.iter().filter(|p| !p.1.is_finite()).count();
    let chart = charts::losses(&run);
    let of = |name: &str| gaps(chart.lines.iter().find(|l| l.label == name).unwrap());
    assert_eq!((of("total"), of("local")), (4, 4), "three swaps and one value");
    let accuracy = charts::accuracy(&run);
    assert_eq!(accuracy.lines.iter().map(gaps).collect::<Vec<_>>(), [0, 0, 1, 0]);
    sound(&one(run).html());
}

/// Where jsd's read-out has left the chart, what held-out pairs guarantee is what is left to see.
#[test]
fn what_is_guaranteed_is_drawn_beside_the_estimate() {
    let mut run = fixture("run");
    for (i, probe) in run.probes.iter_mut().enumerate() {
        (probe.mi_heldout.local, probe.mi_guaranteed.local) = (Some(-1e20), Some(0.25 * i as f64));
    }
    let chart = charts::information(&run);
    let line = chart.lines.iter().find(|l| l.label == "local, guaranteed").unwrap();
    let rows: Vec<(f64, f64)> = run.probes.iter().map(|p| (p.step as f64, p.mi_guaranteed.local.unwrap())).collect();
    assert_eq!(line.points, rows);
    assert!(one(run).html().contains("local, guaranteed"));
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
fn runs_equal_but_for_their_seeds_are_grouped() {
    let runs =
        (0..3).map(|seed| variant(&format!("s{seed}"), &[("seed", seed.into())], [0.2, 0.3, 0.4][seed as usize])).collect();
    let html = Report::new(runs).html();
    sound(&html);
    // Mean 0.3, standard deviation 0.1, over √3.
    assert!(html.contains("30.0 % ± 5.8"), "{html}");
    assert!(html.contains("Results by settings") && html.contains("Accuracy of a linear probe on Y"), "and laid over each other");
}

/// Estimators × K × seeds, as the sweep over negatives.
fn negatives() -> Vec<SavedRun> {
    let mut runs = Vec::new();
    for (e, estimator) in ["dv", "jsd"].into_iter().enumerate() {
        for (k, negatives) in [1, 7, 63].into_iter().enumerate() {
            for seed in 0..2 {
                let y = 0.2 + 0.1 * e as f64 + 0.02 * k as f64 + 0.01 * seed as f64;
                let edits: [(&str, toml::Value); 3] = [
                    ("objective.estimator", estimator.into()),
                    ("objective.local.negatives", negatives.into()),
                    ("seed", seed.into()),
                ];
                runs.push(variant(&format!("{estimator}-{negatives}-{seed}"), &edits, y));
            }
        }
    }
    runs
}

#[test]
fn one_numeric_setting_is_an_axis_and_the_others_are_lines() {
    let report = Report::new(negatives());
    let html = report.html();
    sound(&html);
    assert!(html.contains("12 runs") && !html.contains("Settings that differ"), "too many for a column each");
    let svg = report.svg();
    elements(&svg);
    let first = svg.split("</g>").next().unwrap();
    assert!(first.contains(">dv<") && first.contains(">jsd<") && first.contains("objective.local.negatives"));
    // From 1 to 63 it is logarithmic, with ticks at the values.
    assert!([">1<", ">7<", ">63<"].iter().all(|tick| first.contains(tick)), "{first}");
    assert!(first.contains("objective.local.negatives 7\ndv 22.5 % ± 0.5 (n = 2)"), "{first}");
    // Folders given one by one are one table.
    let (a, b) = (negatives(), negatives());
    let halves: Vec<SavedRun> = a.into_iter().skip(1).step_by(2).chain(b.into_iter().step_by(2)).collect();
    assert_eq!(Report::new(halves).csv().unwrap(), report.csv().unwrap());
}

#[test]
fn two_numeric_settings_are_heat_maps() {
    let mut runs = Vec::new();
    for (a, alpha) in [0.0, 0.5, 1.0].into_iter().enumerate() {
        for (b, beta) in [0.1, 0.5, 1.0].into_iter().enumerate() {
            let edits: [(&str, toml::Value); 2] =
                [("objective.global.weight", alpha.into()), ("objective.local.weight", beta.into())];
            let mut run = variant(&format!("{a}-{b}"), &edits, 0.3 + 0.1 * a as f64 + 0.01 * b as f64);
            let reconstruction =
                serde_json::json!([{"encoder": "trained", "value": {"mse": 0.1 + 0.01 * a as f64, "ms_ssim": 0.5}}]);
            run.eval = Some(serde_json::json!({"step": 400, "reconstruction": reconstruction}));
            runs.push(run);
        }
    }
    let report = Report::new(runs);
    let html = report.html();
    sound(&html);
    for cell in ["30.0", "52.0"] {
        assert!(html.contains(&format!(">{cell}</text>")), "{cell}");
    }
    assert!(html.contains("objective.global.weight") && html.contains("less is better") && html.contains("MS-SSIM"));
    elements(&report.svg());
}

#[test]
fn a_fork_says_where_it_comes_from_and_is_drawn_from_there() {
    let (parent, mut fork) = (variant("parent", &[], 0.25), variant("fork", &[], 0.5));
    fork.steps.retain(|r| r.step > 200);
    fork.probes.retain(|r| r.step > 200);
    fork.journal[0].reason = Some("forked from step 200 of somewhere/parent".into());
    let html = one(fork.clone()).html();
    assert!(html.contains("<dt>Origin</dt><dd>forked from step 200 of somewhere/parent</dd>"));
    let axis = charts::losses(&fork).x.range.unwrap();
    assert_eq!(axis, (0.0, 400.0), "its steps are those of its parent's count");
    let svg = several::overlaid(&[parent, fork], &["parent".into(), "fork".into()])[2].body.clone();
    // The accuracy of the fork, in its colour, begins at step 250: 4 + 436·250/400.
    let path = svg.split("<path d=\"M").skip(1).find(|p| p.contains("#d55e00")).unwrap();
    assert!(path.starts_with("276.5 "), "{path}");
}

#[test]
fn a_critic_that_was_never_trained_has_no_estimate() {
    let weight = |w: f64| {
        let mut run = variant("run", &[("objective.local.weight", w.into())], 0.3);
        run.journal.clear();
        run
    };
    let table = crate::sweep::table(&[weight(0.0), weight(1.0)]);
    let has: Vec<bool> = table.rows.iter().map(|row| row.measures.contains_key("mi.local")).collect();
    assert_eq!(has, [false, true]);
    assert!(table.rows.iter().all(|row| row.measures.contains_key("accuracy.y")));
}

/// Writes a run as the recorder does.
fn written(base: &Path, run: &SavedRun) -> SavedRun {
    let at = base.join(run.name());
    std::fs::create_dir_all(&at).unwrap();
    std::fs::write(at.join("config.toml"), run.config.to_toml()).unwrap();
    fn lines<T: serde::Serialize>(rows: &[T]) -> String {
        rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect()
    }
    std::fs::write(at.join("metrics.jsonl"), lines(&run.steps)).unwrap();
    std::fs::write(at.join("probes.jsonl"), lines(&run.probes)).unwrap();
    std::fs::write(at.join("journal.jsonl"), lines(&run.journal)).unwrap();
    SavedRun::open(&at).unwrap()
}

#[test]
fn the_charts_of_a_fork_begin_where_its_parent_began() {
    let base = tempfile::tempdir().unwrap();
    let parent = written(base.path(), &variant("parent", &[], 0.25));
    let at = parent.path.join("checkpoints/step-00000200.safetensors");
    let mut fork = variant("fork", &[("objective.local.weight", 0.25.into())], 0.5);
    fork.config = parent.config_at_end().with(&[("objective.local.weight".into(), 0.25.into())]).unwrap();
    fork.steps.retain(|r| r.step > 200);
    fork.steps.iter_mut().for_each(|r| r.loss += 1000.0);
    fork.probes.retain(|r| r.step > 200);
    fork.journal = vec![crate::record::fork_row(200, &at)];
    fork.summary = None;
    let fork = written(base.path(), &fork);

    let whole = lineage::from_the_beginning(&fork);
    assert_eq!(whole.steps.len(), parent.steps.len(), "no step is there twice, and none is missing");
    for (row, before) in whole.steps.iter().zip(&parent.steps) {
        let added = if row.step > 200 { 1000.0 } else { 0.0 };
        // Numbers come out of JSON to the last digit but one.
        assert!(row.step == before.step && (row.loss - before.loss - added).abs() < 1e-9, "step {}", row.step);
    }
    assert_eq!(whole.probes[0].step, 0, "the untrained encoder is the parent's");
    let chart = charts::losses(&whole);
    let here: Vec<&plot::Mark> = chart.marks.iter().filter(|m| m.x == 201.0).collect();
    assert_eq!(here.len(), 1);
    assert!(here[0].text.contains("forked from step 200"), "{}", here[0].text);
    assert!(here[0].text.contains("objective.local.weight 1.0 → 0.25"), "{}", here[0].text);
    let earlier =
        |journal: &[crate::record::JournalRow]| journal.iter().filter(|r| r.kind == JournalKind::Change && r.step <= 200).count();
    assert_eq!(earlier(&whole.journal), earlier(&parent.journal));
    assert!(charts::swaps(&whole).contains(&201.0), "another weight: losses before and after do not compare");
    // The rows of its table stay its own; without its parent it is drawn as it is.
    let first = rows::of_one(&fork).unwrap().lines().nth(1).unwrap().to_owned();
    assert!(first.starts_with("202,"), "{first}");
    std::fs::remove_dir_all(&parent.path).unwrap();
    assert_eq!(lineage::from_the_beginning(&fork).steps.len(), fork.steps.len());
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
