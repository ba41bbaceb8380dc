//! `dim-tui export` and `dim-tui eval` on a run that was really trained.

mod common;

use std::process::{Command, Output};

use candle_core::{Device, Tensor};
use common::{batch, sets};
use dim_tui::eval::{Effort, Features, ProbeKind, Task, judge};

fn dim_tui(args: &[&str]) -> Output {
    Command::new(common::BINARY).args(args).args(["--threads", "2"]).output().expect("the binary starts")
}

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn features_are_written_for_numpy_and_the_run_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    assert!(batch(&run, &sets(&["optim.steps=4", "checkpoint.every=2"])).status.success());
    let listing = || {
        let mut all: Vec<_> = walk(&run).into_iter().map(|p| (std::fs::read(&p).unwrap(), p)).collect();
        all.sort();
        all
    };
    let before = listing();
    let file = dir.path().join("f.npz");
    let (run_text, file_text) = (run.to_str().unwrap(), file.to_str().unwrap());
    let output = dim_tui(&["export", run_text, "--split", "test", "--layers", "fc,y", "--out", file_text]);
    assert!(output.status.success(), "{}", error(&output));
    let arrays: std::collections::HashMap<_, _> = Tensor::read_npz(&file).unwrap().into_iter().collect();
    let mut names: Vec<&str> = arrays.keys().map(String::as_str).filter(|n| !n.starts_with("factor_")).collect();
    names.sort_unstable();
    assert_eq!(names, ["fc", "indices", "labels", "y"]);
    let n = arrays["labels"].elem_count();
    assert_eq!([arrays["fc"].dims()[0], arrays["y"].dims()[0]], [n, n]);
    assert!(arrays.contains_key("factor_hue"), "{:?}", arrays.keys());

    // The other checkpoint has other features.
    let older = dir.path().join("older.npz");
    let output = dim_tui(&["export", run_text, "--layers", "y", "--checkpoint", "2", "--out", older.to_str().unwrap()]);
    assert!(output.status.success(), "{}", error(&output));
    let y = |arrays: &Tensor| arrays.to_device(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let older: std::collections::HashMap<_, _> = Tensor::read_npz(&older).unwrap().into_iter().collect();
    assert_ne!(y(&arrays["y"]), y(&older["y"]));
    assert_eq!(listing(), before, "the run is as it was");
}

fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path());
    entries.flat_map(|p| if p.is_dir() { walk(&p) } else { vec![p] }).collect()
}

#[test]
fn what_cannot_be_measured_is_one_sentence_and_exit_2() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    assert!(batch(&run, &sets(&["optim.steps=2"])).status.success());
    let run = run.to_str().unwrap();
    for (args, part) in [
        (vec!["export", "nowhere", "--out", "f.npz"], "no checkpoint"),
        (vec!["export", run, "--out", "f.npz", "--layers", "conv,z"], "no layer is named 'z'; there are conv, fc and y"),
        (vec!["export", run, "--out", "f.npz", "--checkpoint", "7"], "no checkpoint of step 7; there are 2"),
        (vec!["eval", run, "--protocol", "slow"], "there are quick and paper"),
        (vec!["eval", run, "--only", "probe"], "there are probes, code, ndm"),
    ] {
        let output = dim_tui(&args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", error(&output));
        assert!(error(&output).contains(part), "{}", error(&output));
    }
}

/// On features of a real run scikit-learn reads as many classes as our probes do: `tests/fixtures/export/judge.py`.
#[test]
fn probes_read_what_scikit_learn_reads_from_the_same_features() {
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/export");
    let tensors = candle_core::safetensors::load(fixtures.join("run.safetensors"), &Device::Cpu).unwrap();
    let answers: serde_json::Value = serde_json::from_slice(&std::fs::read(fixtures.join("run.json")).unwrap()).unwrap();
    let features = |name: String| {
        let (n, dim) = tensors[&name].dims2().unwrap();
        Features::new(n, dim, tensors[&name].flatten_all().unwrap().to_vec1().unwrap())
    };
    let labels = |split: &str| tensors[&format!("{split}.labels")].to_vec1::<u8>().unwrap();
    let (train_labels, test_labels) = (labels("train"), labels("test"));
    for layer in ["fc", "y"] {
        let (train, test) = (features(format!("train.{layer}")), features(format!("test.{layer}")));
        let (labels, test_labels) = (train_labels.as_slice(), test_labels.as_slice());
        let task = Task { train: &train, labels, test: &test, test_labels, classes: 10, seed: 0, effort: Effort::Quick };
        for kind in [ProbeKind::Linear, ProbeKind::Svm, ProbeKind::Knn] {
            let (ours, theirs) = (judge(kind, &task).test_accuracy, answers[layer][kind.name()].as_f64().unwrap());
            // Single precision and an earlier end of the iteration may turn an image on the border: two of 400.
            assert!((ours - theirs).abs() <= 2.0 / 400.0 + 1e-9, "{} on {layer}: {ours} against {theirs}", kind.name());
        }
    }
}
