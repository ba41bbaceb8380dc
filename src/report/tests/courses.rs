//! The charts of one run: marks, breaks, gaps, and where those of a fork begin.

use super::*;

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
