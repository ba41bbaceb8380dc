//! What is on the screen, whatever its size and colours.

use std::collections::BTreeSet;

use ratatui::style::Color;

use super::{Bench, probe_row, text};
use crate::{
    config::Config,
    record::{ArenaRow, JournalKind, JournalRow, PerTerm, ProbeRow, StepRow, TermLosses},
    train::Phase,
    tui::{
        app::{App, Mode, Panel},
        controls::{CONTROLS, RESTART_FROM},
        draw_to_buffer,
        keys::BINDINGS,
        layout::{Row, list_area, visible_rows},
        theme::Theme,
    },
};

fn step(step: u64) -> StepRow {
    let t = step as f64;
    StepRow {
        step,
        seconds: t / 50.0,
        epoch: Some(t / 128.0),
        examples_per_second: 3200.0,
        loss: 1.4 - t / 1000.0,
        terms: TermLosses { global: None, local: Some(1.3 - t / 1000.0), prior: Some(0.7), discriminator: Some(1.35) },
        mi: PerTerm { global: None, local: Some(t / 300.0) },
        ceiling: PerTerm { global: None, local: Some(64.0_f64.ln()) },
        estimator: PerTerm { global: None, local: Some("infonce".into()) },
        negatives: PerTerm { global: None, local: Some(63) },
        lr: 1e-3,
        grad_norm: 1.0,
        arena: None,
    }
}

fn change(step: u64) -> JournalRow {
    JournalRow {
        step,
        time: "2026-11-23T10:00:00Z".into(),
        kind: JournalKind::Change,
        key: Some("objective.estimator".into()),
        from: Some("jsd".into()),
        to: Some("infonce".into()),
        source: Some("key".into()),
        reason: None,
    }
}

fn recorded() -> App {
    let steps: Vec<StepRow> = (1..=600).map(step).collect();
    let probes: Vec<ProbeRow> = (1..=3).map(|i| probe_row(i * 200)).collect();
    App::from_recording(Config::default(), &steps, &probes, &[change(300)])
}

/// The arena after 300 steps: dv 0.5 below the truth, which is moved to 4 nats at step 200, infonce at its ceiling.
fn arena() -> App {
    let config = Config::default().with(&[("data.name".into(), "gaussian".into())]).unwrap();
    let row = |i: u64| {
        let truth = if i < 200 { 2.0 } else { 4.0 };
        let of = |dv: f64, infonce: f64| [("dv", dv), ("infonce", infonce)].map(|(name, v)| (name.to_owned(), Some(v))).into();
        let arena = ArenaRow {
            truth,
            nats: of(truth - 0.4, 1.98),
            bias: of(-0.5, 1.97 - truth),
            deviation: of(0.25, 0.0),
            ceiling: [("dv".to_owned(), None), ("infonce".to_owned(), Some(2.0))].into(),
        };
        StepRow { arena: Some(arena), terms: TermLosses::default(), mi: PerTerm::default(), ..step(i) }
    };
    App::from_recording(config, &(1..=300).map(row).collect::<Vec<_>>(), &[], &[])
}

#[test]
fn the_arena_shows_estimates_beside_the_truth() {
    let mut app = arena();
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let screen = text(&draw_to_buffer(&app, width, height));
        for part in ["Mutual information, means of 200", "4.00", "dv 3.50", "Bias", "information", "estimators"] {
            assert!(screen.contains(part), "no '{part}' at {width}×{height} in\n{screen}");
        }
        for part in ["Probe", "Loss", "weight β"] {
            assert!(!screen.contains(part), "'{part}' at {width}×{height} in\n{screen}");
        }
    }
    app.mode = Mode::Estimators(crate::tui::view::estimators::Term::Local);
    let screen = text(&draw_to_buffer(&app, 80, 24));
    assert!(screen.contains("truth 4.000 nats, step 300"), "{screen}");
    let words = |name: &str| super::row(&screen, name).split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert!(words("│ dv").starts_with("│ dv 3.500 -0.500 0.250 0.559 lower bound"), "{screen}");
    assert!(words("│ infonce").contains("1.970 -2.030 0.000 2.030 lower bound, at ceiling"), "{screen}");
}

#[test]
fn the_arena_has_its_own_keys_and_settings() {
    let mut b = Bench::with(Config::default().with(&[("data.name".into(), "gaussian".into())]).unwrap());
    b.key(crossterm::event::KeyCode::Right);
    let (id, changes) = b.request();
    assert_eq!((changes[0].key.as_str(), &changes[0].to), ("gaussian.information", &toml::Value::Float(4.0)));
    b.accept(id, &changes);
    b.type_text("L");
    assert!(b.told().is_empty(), "there is no local term");
    assert!(b.screen(80, 24).contains("objective.local.mode does nothing with data.name = gaussian"));
    b.type_text("e");
    assert!(b.screen(80, 24).contains("gaussian.estimators = infonce, dv"));
}

#[test]
fn a_recorded_run_is_whole_at_80_by_24() {
    let screen = text(&draw_to_buffer(&recorded(), 80, 24));
    for part in [
        "dim-tui",
        "shapes",
        "step 600 / 3,000",
        "Loss",
        "Mutual information",
        "nats",
        "Probe accuracy",
        "conv",
        "62",
        "Settings",
        "estimator",
        "infonce",
        "weight β",
        "Log",
        "kNN 49.0 %",
        "? help",
        "q quit",
    ] {
        assert!(screen.contains(part), "no '{part}' in\n{screen}");
    }
    assert!(screen.contains('┆'), "the change is marked\n{screen}");
}

#[test]
fn the_smallest_screen_has_the_essentials_and_a_smaller_one_says_so() {
    let screen = text(&draw_to_buffer(&recorded(), 60, 20));
    for part in ["step 600 / 3,000", "Loss", "Probe accuracy", "Settings", "estimator", "Log", "q quit"] {
        assert!(screen.contains(part), "no '{part}' in\n{screen}");
    }
    for (w, h) in [(59, 20), (60, 19), (30, 10)] {
        let screen = text(&draw_to_buffer(&recorded(), w, h)).replace('\n', " ");
        assert!(screen.split_whitespace().collect::<Vec<_>>().join(" ").contains("needs 60 × 20"), "{screen}");
    }
}

#[test]
fn a_frame_comes_before_the_trainer_is_ready() {
    let mut b = Bench::new();
    b.publish(|s| s.phase = Phase::Starting("reading CIFAR-10".into()));
    let screen = b.screen(80, 24);
    assert!(screen.contains("STARTING") && screen.contains("reading CIFAR-10"), "{screen}");
}

#[test]
fn without_colour_there_is_no_colour_in_any_state() {
    let mut app = recorded();
    app.theme = Theme::mono();
    app.complain("something is wrong");
    app.refused.insert("objective.estimator".into(), "no".into());
    for mode in [Mode::Normal, Mode::Help { scroll: 0 }, Mode::Quit, Mode::Command(Default::default())] {
        app.mode = mode;
        let buf = draw_to_buffer(&app, 120, 40);
        for cell in buf.content() {
            assert!(cell.fg == Color::Reset && cell.bg == Color::Reset, "{cell:?}");
        }
    }
}

#[test]
fn what_is_requested_looks_different_from_what_is_in_force() {
    let mut b = Bench::new();
    let style_of = |b: &Bench| {
        let buf = draw_to_buffer(&b.app, 120, 40);
        let screen = text(&buf);
        let y = screen.lines().position(|l| l.contains("locations")).unwrap();
        let line = screen.lines().nth(y).unwrap();
        let x = line.chars().position(|c| c == '→' || c == 's').unwrap();
        let at = line.find("same").map(|i| line[..i].chars().count()).unwrap_or(x);
        buf[(at as u16, y as u16)].style()
    };
    let before = style_of(&b);
    b.command("set objective.local.locations=one");
    let screen = b.screen(120, 40);
    assert!(screen.contains("same → one …"), "{screen}");
    assert_ne!(style_of(&b), before);
}

#[test]
fn the_help_lists_every_key() {
    let mut app = recorded();
    app.mode = Mode::Help { scroll: 0 };
    let screen = text(&draw_to_buffer(&app, 160, 72));
    for b in BINDINGS {
        assert!(screen.contains(b.help), "no '{}' in the help", b.help);
    }
    // On a small screen all of it can be reached.
    let mut seen = String::new();
    for scroll in 0..80 {
        app.mode = Mode::Help { scroll };
        seen.push_str(&text(&draw_to_buffer(&app, 80, 24)));
    }
    for b in BINDINGS {
        assert!(seen.contains(b.help), "'{}' cannot be reached", b.help);
    }
}

#[test]
fn every_live_setting_is_among_the_controls_and_can_be_scrolled_to() {
    for key in crate::config::keys() {
        let at = CONTROLS.iter().position(|c| c.key == key.name);
        if key.live {
            assert!(at.is_some_and(|i| i < RESTART_FROM), "{} is live and must be above the rule", key.name);
        } else {
            assert!(at.is_none_or(|i| i >= RESTART_FROM), "{} takes a restart and must be below the rule", key.name);
        }
    }
    assert!(CONTROLS.iter().all(|c| c.spec().is_some()));
    let app = recorded();
    let arena = arena();
    let folder = Bench::with(Config::default().with(&[("data.name".into(), "folder".into())]).unwrap()).app;
    let all: BTreeSet<usize> = [&app, &arena, &folder].into_iter().flat_map(|app| app.controls()).collect();
    assert_eq!(all.len(), CONTROLS.len(), "every setting does something in training, on own images, or in the arena");
    for mut app in [app, arena] {
        for i in app.controls() {
            app.selected = i;
            let list = list_area(ratatui::layout::Rect::new(0, 0, 28, 12));
            assert!(visible_rows(&app, list).contains(&Row::Control(i)));
        }
    }
}

#[test]
fn a_chart_in_full_screen_fills_it() {
    let mut app = recorded();
    for id in app.charts() {
        app.zoom = Some(id);
        app.focus = Panel::Chart(id);
        let screen = text(&draw_to_buffer(&app, 100, 40));
        assert!(!screen.contains("Settings") && !screen.contains("─ Log "), "{screen}");
    }
}

#[test]
fn a_wide_screen_shows_three_charts_under_one_another() {
    let screen = text(&draw_to_buffer(&recorded(), 200, 60));
    for title in ["Loss", "Mutual information", "Probe accuracy", "with a new run", "local training", "discriminator"] {
        assert!(screen.contains(title), "no '{title}' in\n{screen}");
    }
}

#[test]
fn a_picture_is_drawn_from_the_files_of_a_run_alone() {
    let dir = tempfile::tempdir().unwrap();
    let lines = |rows: Vec<String>| rows.join("\n") + "\n";
    std::fs::write(dir.path().join("config.toml"), Config::default().to_toml()).unwrap();
    std::fs::write(
        dir.path().join("metrics.jsonl"),
        lines((1..=300).map(|i| serde_json::to_string(&step(i)).unwrap()).collect()),
    )
    .unwrap();
    std::fs::write(dir.path().join("probes.jsonl"), lines(vec![serde_json::to_string(&probe_row(200)).unwrap()])).unwrap();
    std::fs::write(dir.path().join("journal.jsonl"), lines(vec![serde_json::to_string(&change(100)).unwrap()])).unwrap();
    let svg = crate::tui::screenshot(dir.path(), 100, 30, None).unwrap();
    assert!(svg.starts_with("<svg") || svg.starts_with("<?xml"));
    for part in ["Probe accuracy", "infonce", "300"] {
        assert!(svg.contains(part), "no '{part}' in the picture");
    }
    assert!(crate::tui::screenshot(dir.path(), 100, 30, Some("loss")).is_ok());
    assert!(crate::tui::screenshot(dir.path(), 100, 30, Some("nonsense")).is_err());
    assert!(crate::tui::screenshot(dir.path(), 20, 5, None).is_err());
    std::fs::write(dir.path().join("probes.jsonl"), "not json\n").unwrap();
    let error = format!("{:#}", crate::tui::screenshot(dir.path(), 100, 30, None).unwrap_err());
    assert!(error.contains("probes.jsonl:1"), "{error}");
}

#[test]
fn even_a_narrow_screen_says_how_long_it_will_take() {
    let mut bench = Bench::new();
    bench.publish(|s| (s.step, s.steps, s.steps_per_second, s.epoch) = (2_234, 3_000, 12.3, 9.6));
    let screen = bench.screen(80, 24);
    for part in ["step 2,234 / 3,000", "12.3 steps/s", " left"] {
        assert!(screen.lines().take(2).any(|l| l.contains(part)), "no '{part}' in\n{screen}");
    }
}

#[test]
fn a_command_that_is_not_there_is_told_with_the_nearest_or_with_all() {
    let mut bench = Bench::new();
    bench.command("checkpiont");
    assert!(bench.screen(160, 45).contains("did you mean ':checkpoint'?"));
    let mut bench = Bench::new();
    bench.command("zzz");
    let screen = bench.screen(160, 45);
    assert!(screen.contains("no command ':zzz'; there are set, preset"), "{screen}");
}

#[test]
fn the_estimators_view_has_all_of_them_at_every_size() {
    use crate::train::{About, BARS, Histogram, Readings};
    let row = |name: String| {
        let kind = dim_estimators::by_name(&name).unwrap().info().kind;
        dim_estimators::Compared { name, kind, fitted: Some(1.25), raw: None, ceiling: Some(3f64.ln()) }
    };
    let rows = dim_estimators::names().into_iter().map(row).collect();
    let mut bars = [0.0; BARS];
    (bars[3], bars[20]) = (0.9, 0.001);
    let about =
        About {
            title: "InfoNCE".into(), objective: "E[T − …]".into(), nats: "that + ln(K+1)".into(), caution: "careful".into()
        };
    let readings = Readings {
        step: 1200,
        trained: "infonce".into(),
        about,
        rows,
        negatives: 2,
        effective: 1.5,
        unbound: None,
        false_negatives: Some(0.098),
        histogram: Histogram { range: (-9.0, 2.0), joint: bars, marginal: bars },
    };
    let mut b = Bench::new();
    let vitals = crate::train::Vitals {
        step: 1200,
        pulls: [Some((0.5, 0.25)), Some((0.0341, 0.0341)), None]
            .map(|pull| pull.map(|(raw, weighted)| crate::train::Pull { raw, weighted })),
        cosines: [Some(-0.314), None, None],
        spread: crate::train::Spread { units: 64, idle: 3, effective_rank: 21.34 },
    };
    b.publish(|s| {
        s.readings.local = Some(std::sync::Arc::new(readings));
        s.vitals = Some(std::sync::Arc::new(vitals));
    });
    b.key(crossterm::event::KeyCode::Char('v'));
    for (width, height) in [(80, 24), (120, 40), (200, 60)] {
        let screen = b.screen(width, height);
        for name in dim_estimators::names() {
            assert!(
                screen.lines().any(|l| l.split_whitespace().any(|word| word == name)),
                "{name} at {width}×{height}\n{screen}"
            );
        }
        assert!(screen.contains("▸ infonce") && screen.contains("scores of step 1,200"));
        assert!(screen.contains("9.8 % show the class"), "{screen}");
        assert!(screen.contains("of which 1.5 count"));
        let (global, pair) = if width < 200 { ("G", "G·L") } else { ("global", "global·local") };
        assert!(screen.contains(&format!("pull at Y (raw) {global} 2.5e-1 (5.0e-1) · ")), "{screen}");
        assert!(screen.contains(&format!("cosines {pair} -0.31 · Y: effective rank 21.3 of 64, 3 idle")), "{screen}");
        // What is rare is still seen.
        let joint = screen.lines().find(|l| l.contains("joint") && l.contains("-9.000")).unwrap();
        assert!(joint.contains('█') && joint.contains('▁'), "{joint}");
    }
}
