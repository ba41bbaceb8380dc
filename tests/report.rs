//! `dim-tui report` as its users meet it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn report(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dim-tui")).arg("report").args(args).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// An independent reader of XML, Python's, has nothing to complain about.
fn parsed_by_python(files: &[&Path]) {
    let script = "import sys, xml.etree.ElementTree as e\nfor f in sys.argv[1:]: e.parse(f)";
    match Command::new("python3").args(["-c", script]).args(files).output() {
        Err(_) => println!("skipped: no python3"),
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
    }
}

#[test]
fn a_run_becomes_a_page_a_picture_and_a_table() {
    let dir = tempfile::tempdir().unwrap();
    let [page, svg, csv] = ["report.html", "charts.svg", "rows.csv"].map(|name| dir.path().join(name));
    let run = fixture("run");
    let done = report(&[text(&run), "--out", text(&page), "--svg", text(&svg), "--csv", text(&csv)]);
    assert!(done.status.success() && done.stdout.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
    parsed_by_python(&[&page, &svg]);
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("shapes: 8192 train"));
    assert_eq!(fs::read_to_string(&csv).unwrap().lines().count(), 202);
    assert!(!dir.path().join("metrics.jsonl").exists());
    // The same again is the same page.
    assert_eq!(String::from_utf8(report(&[text(&run), "--out", "-"]).stdout).unwrap(), html);
}

#[test]
fn folders_of_runs_are_put_together() {
    let dir = tempfile::tempdir().unwrap();
    for (shard, seeds) in [("a", [0, 2]), ("b", [1, 3])] {
        for seed in seeds {
            let run = dir.path().join(shard).join(format!("{seed:03}-<&>"));
            fs::create_dir_all(&run).unwrap();
            for name in ["metrics.jsonl", "probes.jsonl", "journal.jsonl"] {
                fs::copy(fixture("run").join(name), run.join(name)).unwrap();
            }
            let config = fs::read_to_string(fixture("run").join("config.toml")).unwrap();
            fs::write(run.join("config.toml"), config.replace("seed = 0", &format!("seed = {seed}"))).unwrap();
        }
    }
    let page = dir.path().join("both.html");
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    let done = report(&[text(&a), text(&b), "--out", text(&page), "--csv", "-"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    parsed_by_python(&[&page]);
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.contains("4 runs") && html.contains("<dd>0, 1, 2, 3</dd>") && html.contains("003-&lt;&amp;&gt;"));
    let table = String::from_utf8(done.stdout).unwrap();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 2, "one point over four seeds: {table}");
    assert!(rows[0].starts_with("n,short,step,accuracy.conv,") && rows[1].starts_with("4,0,400,0.484375,0,"), "{table}");
}

#[test]
fn what_cannot_be_reported_is_said_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |args: &[&str], code: i32, words: &str| {
        let output = report(args);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(code) && said.contains(words), "{args:?}: {:?} {said}", output.status.code());
    };
    let run = fixture("run");
    refused(&[text(&run)], 2, "--out");
    refused(&[text(dir.path()), "--out", "-"], 2, "has no runs in it");
    refused(&["no/such/folder", "--out", "-"], 2, "no/such/folder");
    refused(&[text(&run), "--out", "-", "--csv", "-"], 2, "only one of");
    let nowhere = dir.path().join("none/report.html");
    refused(&[text(&run), "--out", text(&nowhere)], 1, "cannot write");
}
