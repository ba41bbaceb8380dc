//! The real `tensorboard` package reads our event files, where Python has it (`PYTHON` names another interpreter).

mod common;

use std::process::Command;

use common::{batch, rows, sets};

#[test]
fn tensorboard_reads_what_was_written() {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let there = Command::new(&python).args(["-c", "import tensorboard"]).output();
    if !there.is_ok_and(|o| o.status.success()) {
        println!("skipped: {python} has no tensorboard package");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (out, config) = (dir.path().join("run"), dir.path().join("c.toml"));
    std::fs::write(&config, "[[schedule]]\nat = 3\nset = { \"objective.estimator\" = \"dv\" }\n").unwrap();
    let mut args = sets(&["optim.steps=6", "probe.every=3"]);
    args.extend(["--config".into(), config.display().to_string()]);
    assert!(batch(&out, &args).status.success());

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tensorboard/read.py");
    let output = Command::new(python).arg(script).arg(&out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let metrics = rows(&out.join("metrics.jsonl"));
    let losses = read["scalars"]["loss/total"].as_array().unwrap();
    assert_eq!(losses.len(), metrics.len());
    for (event, row) in losses.iter().zip(&metrics) {
        assert_eq!(event[0], row["step"]);
        let (theirs, ours) = (event[1].as_f64().unwrap(), row["loss"].as_f64().unwrap());
        assert!((theirs - ours).abs() <= 1e-6 * ours.abs(), "{theirs} read, {ours} written");
    }
    assert_eq!(read["scalars"]["probe/conv"].as_array().unwrap().len(), rows(&out.join("probes.jsonl")).len());
    let text = &read["text"]["changes"][0];
    assert_eq!(text[0], 3);
    assert!(text[1].as_str().unwrap().contains("objective.estimator"), "{text}");
}
