//! Keeps ARCHITECTURE.md: reads the sources as text and fails with one sentence per use that is not allowed.

mod source;

use std::{
    fs,
    path::{Path, PathBuf},
};

use source::{code, modules_used, words};

/// In files under one of `within` (but not under `except`), none of `words` may occur.
struct Words {
    within: &'static [&'static str],
    except: &'static [&'static str],
    words: &'static [&'static str],
    because: &'static str,
}

const WORDS: &[Words] = &[
    Words {
        within: &["src", "estimators"],
        except: &["src/tui"],
        words: &["ratatui", "tui_input"],
        because: "only src/tui draws",
    },
    Words {
        within: &[
            "src/tui",
            "src/batch",
            "src/doctor",
            "src/record",
            "src/config",
            "src/eval",
            "src/sweep",
            "src/report",
            "src/plot",
        ],
        except: &[],
        words: &["candle_core", "candle_nn", "candle_datasets"],
        because: "tensors stay with the trainer: front ends, doctor, records, config, probes, sweeps and reports see plain numbers",
    },
    Words { within: &["estimators"], except: &[], words: &["dim_tui"], because: "the estimators know scores only" },
    Words {
        within: &["src", "estimators"],
        except: &[
            "src/nn",
            "src/eval/matmul.rs",
            "src/tui/input.rs",
            "src/tui/term.rs",
            "src/main.rs",
            "src/device/cuda.rs",
            "estimators/src/ops",
        ],
        words: &["unsafe"],
        because: "unsafe code belongs in the kernels, the terminal code, main's set_var and the opening of NVIDIA's libraries",
    },
];

/// A module of the library and those it must not use.
const MODULES: &[(&str, &[&str])] = &[
    ("config", &["batch", "data", "device", "doctor", "eval", "measure", "mi", "model", "nn", "record", "train", "tui"]),
    ("nn", &["batch", "config", "data", "device", "doctor", "eval", "measure", "mi", "model", "record", "train", "tui"]),
    ("data", &["batch", "device", "doctor", "eval", "measure", "mi", "model", "record", "train", "tui"]),
    ("device", &["batch", "data", "doctor", "eval", "measure", "mi", "model", "nn", "record", "report", "sweep", "train", "tui"]),
    ("model", &["batch", "data", "device", "doctor", "eval", "measure", "mi", "record", "train", "tui"]),
    ("eval", &["batch", "config", "data", "device", "doctor", "measure", "mi", "model", "nn", "train", "tui"]),
    ("record", &["batch", "data", "device", "doctor", "eval", "measure", "mi", "model", "nn", "train", "tui"]),
    ("train", &["batch", "doctor", "measure", "tui"]),
    ("doctor", &["batch", "data", "device", "eval", "measure", "mi", "model", "nn", "tui"]),
    ("batch", &["data", "device", "eval", "measure", "mi", "model", "nn", "tui"]),
    ("tui", &["batch", "data", "device", "eval", "measure", "mi", "model", "nn"]),
    ("mi", &["batch", "config", "device", "doctor", "eval", "measure", "model", "record", "train", "tui"]),
    ("measure", &["batch", "doctor", "record", "tui"]),
    ("sweep", &["data", "device", "doctor", "eval", "measure", "mi", "model", "nn", "report", "train", "tui"]),
    ("report", &["batch", "data", "device", "doctor", "eval", "measure", "mi", "model", "nn", "train", "tui"]),
    (
        "plot",
        &[
            "batch", "config", "data", "device", "doctor", "eval", "measure", "mi", "model", "nn", "record", "report", "sweep",
            "train", "tui",
        ],
    ),
];

/// Modules above these all: only those named beside one may use it.
const ABOVE: &[(&str, &[&str])] = &[("sweep", &["report"]), ("report", &[])];

/// What is wrong with one file, in sentences. `path` is relative to the repository.
fn faults(path: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let under = |places: &[&str]| places.iter().any(|p| path == *p || path.starts_with(&format!("{p}/")));
    let mut found = Vec::new();
    for rule in WORDS.iter().filter(|r| under(r.within) && !under(r.except)) {
        for word in rule.words.iter().filter(|w| words(&code).any(|found| found == **w)) {
            found.push(format!("{path} uses `{word}`: {}", rule.because));
        }
    }
    for (module, banned) in MODULES {
        if !under(&[&format!("src/{module}"), &format!("src/{module}.rs")]) {
            continue;
        }
        for used in modules_used(&code).iter().filter(|m| banned.contains(&m.as_str())) {
            found.push(format!("{path} uses `crate::{used}`: `{module}` must not know `{used}` (ARCHITECTURE.md)"));
        }
        let above = ABOVE.iter().filter(|(top, by)| top != module && !by.contains(module));
        for (top, _) in above.filter(|(top, _)| modules_used(&code).iter().any(|used| used == top)) {
            found.push(format!("{path} uses `crate::{top}`: `{module}` must not know `{top}` (ARCHITECTURE.md)"));
        }
    }
    found
}

/// Every Rust file under `dir`.
fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn everyone_knows_only_whom_they_may_know() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    sources(&root.join("estimators/src"), &mut files);
    assert!(files.len() > 50, "only {} sources found", files.len());
    let mut found = Vec::new();
    for file in &files {
        let path = file.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
        found.extend(faults(&path, &fs::read_to_string(file).unwrap()));
    }
    found.sort();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_module_has_its_rule() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let named: Vec<&str> = lib.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    for module in &named {
        assert!(MODULES.iter().any(|(m, _)| m == module), "no rule says whom `{module}` may know");
    }
    assert_eq!(named.len(), MODULES.len());
}

#[test]
fn a_forbidden_use_is_found() {
    let one = |path: &str, text: &str, word: &str| {
        let found = faults(path, text);
        assert!(found.len() == 1 && found[0].contains(word), "{path}: {found:?}");
    };
    one("src/train/worker.rs", "use ratatui::style::Style;", "ratatui");
    one("src/tui/app.rs", "fn f(t: &candle_core::Tensor) {}", "candle_core");
    one("src/record/rows.rs", "use candle_core::{DType, Tensor};", "candle_core");
    one("src/train/worker.rs", "use crate::tui::App;", "must not know `tui`");
    one("src/train/worker.rs", "use crate::{\n    config::{self, Config},\n    tui,\n};", "must not know `tui`");
    one("src/record/dir.rs", "fn f() { crate::train::run() }", "must not know `train`");
    one("src/train/worker.rs", "use crate::doctor::Doctor;", "must not know `doctor`");
    one("src/doctor/mod.rs", "use candle_core::Tensor;", "candle_core");
    one("src/record/dir.rs", "use crate::{record::{a, b}, train::{Command, Event}};", "must not know `train`");
    one("src/sweep/table.rs", "use crate::train::Session;", "must not know `train`");
    one("src/record/dir.rs", "use crate::sweep::table;", "must not know `sweep`");
    one("src/data/mod.rs", "fn f() { unsafe { g() } }", "unsafe");
    one("estimators/src/dv.rs", "use dim_tui::config;", "dim_tui");
}

#[test]
fn an_allowed_use_and_a_mere_mention_are_not() {
    let none = |path: &str, text: &str| assert_eq!(faults(path, text), Vec::<String>::new(), "{path}: {text}");
    none("src/tui/view/mod.rs", "use ratatui::buffer::Buffer; use crate::{train::Command, tui::app::App};");
    none("src/sweep/table.rs", "use crate::{config::Config, record::SavedRun, sweep::measures};");
    none("src/nn/host.rs", "unsafe { gemm() }");
    none("src/train/worker.rs", "// no ratatui here\n/* nor crate::tui */ //! unsafe\nfn f() {}");
    none("src/train/worker.rs", "let s = \"unsafe // ratatui\"; let t = r#\"crate::tui \"candle\" \"#;");
    none("src/config/keys.rs", "fn the_train(unsafely: bool) {}");
    none("src/record/dir.rs", "use crate::{config::{train, tui}, record::Sink};");
}
