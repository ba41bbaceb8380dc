//! The probes view.

use std::sync::Arc;

use crossterm::event::KeyCode;

use super::{Bench, row};
use crate::{
    config::Config,
    record::{Accuracy, FactorScores, KnnAccuracy, LinearAccuracy, Measure, PerLayer, ProbeRow, recorder_rows},
    train::{Command, Facts},
    tui::theme::Theme,
};

/// Three classes of 100 images; on Y 20 crosses are taken for disks.
fn probe(step: u64) -> ProbeRow {
    let trained = step > 0;
    let up = |v: f64| if trained { v + 0.125 } else { v };
    let table = |wrong: u32| vec![vec![100, 0, 0], vec![0, 100, 0], vec![0, wrong, 100 - wrong]];
    let factor = |name: &str, measure, y: Option<f64>| FactorScores {
        name: name.into(),
        measure,
        score: PerLayer { conv: Some(up(0.75)), fc: Some(up(0.5)), y },
        baseline: Some(0.0),
    };
    ProbeRow {
        accuracy: Accuracy {
            linear: LinearAccuracy { conv: up(0.75), fc: up(0.625), y: up(0.5) },
            knn: KnnAccuracy { y: up(0.25) },
        },
        pixels: (!trained).then_some(0.375),
        confusion: Some(PerLayer { conv: table(1), fc: table(5), y: table(20) }),
        factors: vec![
            factor("class", Measure::Accuracy, Some(up(0.5))),
            factor("scale", Measure::R2, Some(-0.25)),
            factor("noise", Measure::R2, None),
        ],
        ..recorder_rows::probe_row(step)
    }
}

fn open() -> Bench {
    let mut b = Bench::new();
    b.type_text("a");
    assert!(b.told().is_empty(), "nothing is asked of the trainer");
    b
}

fn probed() -> Bench {
    let mut b = open();
    for step in [0, 400] {
        b.link.history.push_probe(&probe(step));
    }
    b.publish(|s| {
        s.facts = Arc::new(Facts { classes: ["square", "disk", "cross"].map(String::from).into(), ..Facts::default() });
        s.untrained = Some(Arc::new(probe(0)));
        s.probe = Some(Arc::new(probe(400)));
        s.step = 400;
    });
    b
}

#[test]
fn the_table_holds_accuracy_error_and_baselines_at_every_size() {
    assert!(open().screen(80, 24).contains("the first probe is on its way"));
    let b = probed();
    for (width, height) in [(60, 20), (80, 24), (120, 40), (200, 60)] {
        let screen = b.screen(width, height);
        assert!(screen.contains("Probes · step 400"), "{screen}");
        // 62.5 % of 300 images: √(0.625·0.375/300) = 2.8 %.
        let y = row(&screen, "▸ Y ");
        let numbers: Vec<&str> = y.split_whitespace().skip_while(|w| *w != "Y").skip(1).take(6).collect();
        assert_eq!(numbers, ["62.5", "%", "2.8", "50.0", "%", "+12.5"], "{y}");
        assert!(screen.contains("chance 10.0 %") && screen.contains("pixels 37.5 %"), "{screen}");
    }
    let screen = b.screen(80, 24);
    assert!(row(&screen, "▸ Y ").contains("+25.0"), "over pixels");
    assert!(row(&screen, "Y, by kNN").contains("37.5 %"));
}

#[test]
fn the_keys_turn_pages_and_layers() {
    let mut b = probed();
    assert!(b.screen(80, 24).contains("Probe accuracy"), "accuracy over steps comes first");
    b.key(KeyCode::Down);
    let screen = b.screen(80, 24);
    // Of 100 crosses 20 are taken for disks and 80 are right.
    let crosses: Vec<&str> = row(&screen, "│ cross  ").split_whitespace().skip_while(|w| *w != "cross").skip(1).take(3).collect();
    assert_eq!(crosses, ["·", "20", "80"], "{screen}");
    assert!(screen.contains("20 % of 100 cross taken for disk"), "{screen}");
    b.key(KeyCode::Left);
    let screen = b.screen(80, 24);
    assert!(screen.contains("linear probe on fc") && screen.contains("5 % of 100 cross taken for disk"), "{screen}");
    b.key(KeyCode::Down);
    let screen = b.screen(80, 24);
    assert!(row(&screen, "class *").contains("0.88") && row(&screen, "scale").contains("-0.25"), "{screen}");
    assert!(row(&screen, "noise").trim_end_matches(['│', ' ']).ends_with('–'), "what cannot be told is not a nought: {screen}");
    b.key(KeyCode::Down);
    assert!(b.screen(80, 24).contains("Probe accuracy"), "round and round");
    b.type_text("a");
    assert!(!b.screen(80, 24).contains("Probes ·"));
}

#[test]
fn a_wide_screen_shows_all_at_once() {
    let screen = probed().screen(200, 60);
    for part in ["Probe accuracy", "before 50.0%", "taken for disk", "class *", "linear probe on Y"] {
        assert!(screen.contains(part), "no '{part}' in\n{screen}");
    }
}

/// A bar is as long as its value, and the mark of the untrained encoder lies before its end.
#[test]
fn bars_are_to_scale() {
    let mut b = probed();
    b.key(KeyCode::Up);
    let screen = b.screen(80, 24);
    let class = row(&screen, "class *");
    let bars: Vec<usize> = class.split("0.").map(|part| part.chars().filter(|c| "▏▎▍▌▋▊▉█".contains(*c)).count()).collect();
    let marks = class.chars().filter(|c| *c == '│').count();
    // 0.875, 0.625 and 0.625 of the same length, less a cell for the mark in each; two more bars are the frame's.
    assert!(bars[0] > bars[1] && bars[1] == bars[2], "{bars:?} in {class}");
    assert_eq!(marks, 3 + 2, "{class}");
}

#[test]
fn without_colour_nothing_is_painted() {
    let mut b = probed();
    b.app.theme = Theme::mono();
    b.key(KeyCode::Down);
    let buf = crate::tui::draw_to_buffer(&b.app, 80, 24);
    assert!(buf.content().iter().all(|cell| cell.bg == ratatui::style::Color::Reset));
    assert!(super::text(&buf).contains("80"));
}

#[test]
fn what_is_not_there_is_said() {
    let mut b = probed();
    b.publish(|s| {
        s.untrained = None;
        s.probe = Some(Arc::new(recorder_rows::probe_row(400)));
    });
    assert!(row(&b.screen(80, 24), "▸ Y ").contains('–'));
    b.key(KeyCode::Down);
    assert!(b.screen(80, 24).contains("no confusion kept"));
    b.key(KeyCode::Down);
    assert!(b.screen(80, 24).contains("not drawn from known ones"));
    let mut b = Bench::with(Config::default().with(&[("probe.every".into(), 0.into())]).unwrap());
    b.type_text("a");
    assert!(b.screen(80, 24).contains("p takes a probe now"));
    b.type_text("p");
    assert!(matches!(b.told()[..], [Command::Probe]), "settings and commands work as always");
    let mut b = Bench::with(Config::default().with(&[("data.name".into(), "gaussian".into())]).unwrap());
    b.type_text("a");
    assert!(b.screen(80, 24).contains("nothing is probed"));
}

/// What jsd guarantees is a bound beside the read-out; after a swap it holds no more, and its name goes.
#[test]
fn a_guarantee_is_named_as_long_as_the_newest_probe_gives_it() {
    let mut b = Bench::new();
    b.publish(|s| s.step = 20);
    b.link.history.push_probe(&recorder_rows::probe_row(10));
    assert!(b.screen(160, 45).contains("guaranteed 0.125"), "{}", b.screen(160, 45));
    let mut swapped = recorder_rows::probe_row(20);
    swapped.mi_guaranteed.local = None;
    b.link.history.push_probe(&swapped);
    let screen = b.screen(160, 45);
    assert!(screen.contains("held-out 0.250") && !screen.contains("guaranteed"), "{screen}");
}

#[test]
fn a_probe_that_is_being_fitted_is_not_asked_for() {
    let mut b = Bench::new();
    for every in [0, 500] {
        let config = b.app.live.config.with(&[("probe.every".into(), every.into())]).unwrap();
        b.publish(|s| (s.config, s.step, s.probing) = (std::sync::Arc::new(config), 40, None));
        assert!(b.screen(120, 40).contains("p takes a probe now"), "{}", b.screen(120, 40));
        b.publish(|s| s.probing = Some(40));
        for view in ["", "a"] {
            b.type_text(view);
            let screen = b.screen(120, 40);
            assert!(screen.contains("a probe is being fitted") && !screen.contains("takes a probe now"), "{screen}");
        }
        b.type_text("C");
    }
}
