//! The pictures in `screenshots/` are what the program draws of the recorded runs in `tests/fixtures/{run,arena,runs,cifar10}`;
//! `UPDATE=1 cargo test --test screenshots` draws them anew.

use std::{fs, path::Path};

use dim_tui::tui::{screenshot, tabs::TABS};

/// Name, recorded run, columns, rows, panel.
const PICTURES: &[(&str, &str, u16, u16, Option<&str>)] = &[
    ("cifar10", "cifar10", 140, 48, None),
    ("workbench", "run", 120, 36, None),
    ("small", "run", 80, 24, None),
    ("large", "run", 200, 60, None),
    ("smallest", "run", 60, 20, None),
    ("probes", "run", 160, 46, Some("probes")),
    ("probes-small", "run", 80, 24, Some("probes")),
    ("help", "run", 120, 36, Some("help")),
    ("help-small", "run", 80, 24, Some("help")),
    ("log", "run", 120, 36, Some("log")),
    ("log-small", "run", 80, 24, Some("log")),
    ("palette", "run", 120, 36, Some("palette")),
    ("palette-small", "run", 80, 24, Some("palette")),
    ("zoom", "run", 120, 36, Some("zoom")),
    ("zoom-small", "run", 80, 24, Some("zoom")),
    ("explain", "run", 120, 36, Some("explain")),
    ("explain-small", "run", 80, 24, Some("explain")),
    ("tour", "run", 120, 36, Some("tour")),
    ("tour-small", "run", 80, 24, Some("tour")),
    ("arena", "arena", 120, 36, None),
    ("arena-small", "arena", 80, 24, None),
    ("runs", "runs/infonce", 120, 36, Some("runs")),
    ("runs-small", "runs/infonce", 80, 24, Some("runs")),
    ("compare", "runs/infonce", 120, 40, Some("compare")),
    ("compare-small", "runs/infonce", 80, 24, Some("compare")),
];

#[test]
fn pictures_are_those_of_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, run, width, height, panel) in PICTURES {
        let svg = screenshot(&root.join("tests/fixtures").join(run), *width, *height, *panel).unwrap();
        let path = root.join("screenshots").join(name).with_extension("svg");
        if std::env::var_os("UPDATE").is_some() {
            fs::create_dir_all(root.join("screenshots")).unwrap();
            fs::write(&path, &svg).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == svg, "screenshots/{name}.svg is out of date: UPDATE=1 cargo test --test screenshots draws it anew");
    }
}

#[test]
fn the_pictures_of_runs_name_the_others() {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/runs/infonce");
    let list = screenshot(&run, 120, 36, Some("runs")).unwrap();
    let compared = screenshot(&run, 120, 40, Some("compare")).unwrap();
    for word in ["jsd", "dv", "400/400", "2 marked"] {
        assert!(list.contains(word), "the list does not show '{word}'");
    }
    for word in ["other estimators: not comparable", "local held-out", "dv", "jsd"] {
        assert!(compared.contains(word), "the charts do not show '{word}'");
    }
}

#[test]
fn the_picture_tells_the_story_of_the_run() {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run");
    let journal = fs::read_to_string(run.join("journal.jsonl")).unwrap();
    for key in ["objective.estimator", "objective.global.mode", "objective.local.negatives"] {
        assert!(journal.contains(key), "no change of {key} was recorded");
    }
    let svg = screenshot(&run, 120, 36, None).unwrap();
    // ln(63 + 1) = 4.16 and ln(15 + 1) = 2.77 are the ceilings at the end of the run.
    for word in ["FINISHED", "infonce", "Mutual information", "Probe accuracy", "4.16", "2.77"] {
        assert!(svg.contains(word), "the picture does not show '{word}'");
    }
}

/// What only a running trainer shows is drawn by `screenshots/live.py`: the numbers are of one run, the words are the program's.
#[test]
fn pictures_of_a_live_run_show_the_tabs_of_today_and_the_foot_of_their_view() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let feet = [
        ("estimators", "swap the estimator"),
        ("representation", "another image"),
        ("data", "train/test"),
        ("lesson", "Why JSD forgives few negatives"),
    ];
    for (name, foot) in feet {
        for size in ["", "-small"] {
            let path = root.join("screenshots").join(format!("{name}{size}.svg"));
            let svg = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            for words in TABS.iter().map(|tab| tab.name).chain([foot]) {
                assert!(svg.contains(words), "{name}{size}.svg does not show '{words}': screenshots/live.py draws it anew");
            }
        }
    }
}
