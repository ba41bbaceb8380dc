//! Event files read back by an independent decoder of the framing, and by TensorBoard itself where it is installed.

use std::{path::Path, process::Command};

use prost::Message;

use super::{
    super::{
        Histogram, PerLayer, journal_row,
        recorder_rows::{probe_row, step_row},
    },
    proto::Content,
    *,
};
use crate::config::{Change, Source};

/// The settings of a run, with another learning rate.
fn settings(lr: f64) -> Config {
    Config::default().with(&[("optim.lr".into(), lr.into()), ("objective.local.negatives".into(), 15.into())]).unwrap()
}

/// A probe with a confusion of three classes and a histogram.
fn rich_probe(step: u64) -> ProbeRow {
    let counts = vec![vec![3, 1, 0], vec![0, 4, 0], vec![2, 0, 2]];
    let confusion = Some(PerLayer { conv: counts.clone(), fc: counts.clone(), y: counts });
    let histograms = Histogram::of("scores/local/joint", &[0.0, 1.0, 1.0, 4.0], 4).into_iter().collect();
    ProbeRow { confusion, histograms, ..probe_row(step) }
}

fn summary(outcome: &str) -> Summary {
    let facts = std::collections::BTreeMap::new();
    Summary { version: "0".into(), steps: 3, epochs: 0.0, seconds: 1.0, outcome: outcome.into(), last: None, probe: None, facts }
}

/// CRC-32C bit by bit, from its reversed polynomial.
fn slow_crc(data: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    !crc
}

fn slow_masked(data: &[u8]) -> u32 {
    let crc = slow_crc(data);
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

fn decode(mut bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        assert_eq!(u32::from_le_bytes(bytes[8..12].try_into().unwrap()), slow_masked(&bytes[..8]));
        let data = &bytes[12..12 + length];
        assert_eq!(u32::from_le_bytes(bytes[12 + length..16 + length].try_into().unwrap()), slow_masked(data));
        events.push(Event::decode(data).unwrap());
        bytes = &bytes[16 + length..];
    }
    events
}

/// Steps 1 to 4 with a change before step 3 and a probe, then, resumed at step 2, step 3 again.
fn write_run(dir: &Path) {
    let mut first = EventFile::create(dir, &settings(0.5), None).unwrap();
    first.pictures(0, &[Picture::grid("images/training", &[7; 3 * 3 * 4 * 5], [3, 4, 5], 2)]).unwrap();
    for step in 1..=4 {
        first.step(&step_row(step, -(step as f64))).unwrap();
    }
    let change = Change { key: "objective.estimator".into(), from: "jsd".into(), to: "infonce".into(), source: Source::Key };
    first.journal(&[journal_row(2, JournalKind::Change).change(&change)]).unwrap();
    first.probe(&rich_probe(2)).unwrap();
    first.flush().unwrap();
    let mut second = EventFile::create(dir, &settings(0.5), Some(2)).unwrap();
    second.step(&step_row(3, -30.0)).unwrap();
    second.finish(&summary("done")).unwrap();
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    files
}

/// RFC 3720, appendix B.4: CRC-32C of 32 zero bytes and of 0x00..0x1f.
#[test]
fn the_checksum_is_castagnolis() {
    assert_eq!(slow_crc(&[0; 32]), 0x8a91_36aa);
    let rising: Vec<u8> = (0..32).collect();
    assert_eq!(slow_crc(&rising), 0x46dd_794e);
    assert_eq!(frame::masked_crc(&rising), slow_masked(&rising));
}

#[test]
fn framing_and_messages_read_back() {
    let dir = tempfile::tempdir().unwrap();
    write_run(dir.path());
    let files = files(dir.path());
    assert_eq!(files.len(), 2);
    let first = decode(&fs::read(&files[0]).unwrap());
    assert_eq!(first[0].what, Some(What::FileVersion("brain.Event:2".into())));
    let step = first.iter().find(|e| e.step == 1).unwrap();
    let Some(What::Summary(summary)) = &step.what else { panic!("{step:?}") };
    let value = |tag: &str| summary.value.iter().find(|v| v.tag == tag).and_then(|v| v.content.clone());
    assert_eq!(value("loss"), Some(Content::Simple(-1.0)));
    assert_eq!(value("mi/local"), Some(Content::Simple(0.5)));
    assert_eq!(value("mi/global"), None, "a term that is off has no curve");
    let second = decode(&fs::read(&files[1]).unwrap());
    assert_eq!(second[1].step, 3, "the first step that is computed again");
    assert_eq!(second[1].what, Some(What::SessionLog(proto::SessionLog { status: proto::SESSION_START })));
}

#[test]
fn a_new_file_sorts_last_even_if_the_clock_went_back() {
    let dir = tempfile::tempdir().unwrap();
    let future = dir.path().join(format!("{PREFIX}9999999999.dim-tui.000"));
    fs::write(&future, "").unwrap();
    let next = next_path(dir.path()).unwrap();
    assert!(next > future, "{}", next.display());
}

/// Only a run that has come to its end is told to have succeeded; one that was stopped may go on.
#[test]
fn the_end_is_told_as_it_was() {
    assert!(hparams::ended("stopped: quit", 0.0).is_none());
    let status = |outcome: &str| {
        let Some(Content::Tensor(_)) = hparams::ended(outcome, 5.0).unwrap().content else { panic!("no value") };
        let content = hparams::ended(outcome, 5.0).unwrap().metadata.unwrap().plugin.unwrap().content;
        match hparams::PluginData::decode(&content[..]).unwrap().data {
            Some(hparams::Data::End(end)) => (end.status, end.end_time),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((status("done"), status("out of memory")), ((1, 5.0), (2, 5.0)));
}

/// The real package reads what we write: scalars, text, histograms, pictures, settings, and what a resume voids.
#[test]
fn tensorboard_reads_it() {
    let python = std::env::var("DIM_TUI_PYTHON").unwrap_or_else(|_| "python3".into());
    if !Command::new(&python).args(["-c", "import tensorboard"]).output().is_ok_and(|o| o.status.success()) {
        println!("skipped: {python} has no tensorboard");
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let (run, other) = (base.path().join("run"), base.path().join("other"));
    for (dir, lr) in [(&run, 0.5), (&other, 0.25)] {
        fs::create_dir(dir).unwrap();
        if lr == 0.5 { write_run(dir) } else { EventFile::create(dir, &settings(lr), None).unwrap().flush().unwrap() }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tensorboard/read.py");
    let output = Command::new(&python).arg(script).arg(&run).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
    assert_eq!(read["scalars"]["loss"], json("[[1, -1.0], [2, -2.0], [3, -30.0]]"));
    assert_eq!(read["scalars"]["probe/linear_y"], json("[[2, 0.25]]"));
    assert_eq!(read["text"]["changes"][0][1], "objective.estimator jsd → infonce (key)");
    assert_eq!(
        read["histograms"]["scores/local/joint"],
        json("[[2, [[0.0, 1.0, 1.0], [1.0, 2.0, 2.0], [2.0, 3.0, 0.0], [3.0, 4.0, 1.0]]]]")
    );
    // Three classes at 16 pixels; three images of 5×4 pixels, two to a row, with lines between and around them.
    assert_eq!(read["images"]["confusion/y"], json("[[2, 48, 48, 48, 48]]"));
    assert_eq!(read["images"]["images/training"], json("[[0, 13, 11, 13, 11]]"));
    let settings = &read["hparams"];
    assert_eq!((&settings["optim.lr"], &settings["objective.local.negatives"]), (&json("0.5"), &json("15.0")));
    assert_eq!((&settings["objective.estimator"], &settings["data.augment.flip"]), (&json("\"jsd\""), &json("false")));
    assert_eq!(read["status"], "STATUS_SUCCESS");
    // The page sees what differs between the runs, and every scalar as a metric.
    assert_eq!(read["experiment"]["differs"], json("[\"optim.lr\"]"));
    let metrics = read["experiment"]["metrics"].as_array().unwrap();
    assert!(metrics.contains(&json("\"probe/linear_y\"")) && metrics.contains(&json("\"mi/local_heldout\"")), "{metrics:?}");
}
