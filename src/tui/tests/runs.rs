//! Other runs: the list, what is laid over the charts, differences of settings.

use std::{path::PathBuf, sync::Arc};

use crossterm::event::KeyCode;
use ratatui::{layout::Rect, style::Color};
use toml::Value;

use super::{Bench, row, text};
use crate::{
    config::Config,
    record::{Brief, RunState, recorder_rows},
    train::{Facts, History, Session},
    tui::{
        app::ChartId,
        draw_to_buffer,
        message::{Effect, Message},
        runs::{Ask, Curves, Found, Saved, overlay::GLYPHS},
        sight::Entry,
        theme::Theme,
        view::charts::entries,
    },
};

pub(super) fn config(edits: &[(&str, Value)]) -> Config {
    let edits: Vec<_> = edits.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    Config::default().with(&edits).unwrap()
}

pub(super) fn path(i: usize) -> PathBuf {
    format!("/runs/2026-11-2{i}-101500-shapes").into()
}

fn brief(i: usize, edits: &[(&str, Value)], state: RunState) -> Arc<Brief> {
    let probe = Some(recorder_rows::probe_row(400));
    Arc::new(Brief { path: path(i), config: config(edits), step: 400 + i as u64, probe, state })
}

/// The curves of a run of these steps, its loss the same all along; probed at every hundredth.
pub(super) fn curves(steps: std::ops::RangeInclusive<u64>, loss: f64, estimator: &str) -> Arc<Curves> {
    let history = History::default();
    for step in steps {
        history.push_step(&recorder_rows::step_row(step, loss));
        if step.is_multiple_of(100) {
            history.push_probe(&recorder_rows::probe_row(step));
        }
    }
    let config = config(&[("objective.estimator", estimator.into()), ("optim.lr", 0.5.into())]);
    Arc::new(Curves { history, config, estimators: [(None, Some(estimator.to_owned()))].into() })
}

/// A run of 300 steps on the screen, in a directory of its own.
pub(super) fn training() -> Bench {
    let mut b = Bench::new();
    for step in 1..=300 {
        b.link.history.push_step(&recorder_rows::step_row(step, 1.0));
    }
    b.link.history.push_probe(&recorder_rows::probe_row(200));
    b.publish(|s| {
        s.facts = Arc::new(Facts { run_dir: "/runs/2026-11-25-090000-shapes".into(), ..Facts::default() });
        s.step = 300;
    });
    b
}

/// The list with three runs: jsd done, dv stopped, and one that cannot be read.
pub(super) fn listed() -> Bench {
    let mut b = training();
    let effects = b.type_text("o");
    let [Effect::Read(Ask::List { scan, folders, present })] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(folders[..], [PathBuf::from("runs"), "/runs".into()], "run.dir, and where the present run is");
    assert_eq!(present.as_path(), b.app.live.facts.run_dir);
    let rows = (1..=3).rev().map(|i| (path(i), format!("2026-11-2{i}T10:15:00Z"))).collect();
    let scan = *scan;
    b.send(Message::Found(Found::List { scan, present: None, rows }));
    let told = [
        Ok(brief(3, &[], RunState::Done)),
        Ok(brief(2, &[("objective.estimator", "dv".into())], RunState::Stopped)),
        Err("config.toml:3: nonsense".to_owned()),
    ];
    for (at, brief) in told.into_iter().enumerate() {
        b.send(Message::Found(Found::Brief { scan, at, brief }));
    }
    b
}

/// Marks the `n`-th run below the present one; its curves come.
pub(super) fn mark(b: &mut Bench, n: usize, curves: Arc<Curves>) {
    b.key(KeyCode::Home);
    (0..n).for_each(|_| drop(b.key(KeyCode::Down)));
    let effects = b.type_text(" ");
    let [Effect::Read(Ask::Curves(run))] = &effects[..] else { panic!("{effects:?}") };
    let run = run.clone();
    b.send(Message::Found(Found::Curves { run, curves: Ok(curves) }));
}

/// Something read that nobody may have asked for: for streams of whatever happens.
pub(super) fn something_read(b: &mut Bench, which: usize) {
    let scan = b.app.runs.scan;
    let run = path(which % 3 + 1);
    let found = match which {
        0 | 1 => {
            let rows = (1..=9 * which + 1).map(|i| (path(i), String::new())).collect();
            Found::List { scan, present: None, rows }
        }
        2 => Found::Brief { scan, at: 0, brief: Ok(brief(1, &[("data.name", "gaussian".into())], RunState::Killed)) },
        3 => Found::Brief { scan, at: 1, brief: Err("torn".into()) },
        4 => Found::Checkpoints { run: b.app.live.facts.run_dir.clone(), rows: vec![saved(1, &[]), saved(0, &[])] },
        5 => Found::Curves { run, curves: Err("gone".into()) },
        6 => Found::Parent { run, step: 90, curves: Ok(curves(1..=200, f64::NAN, "dv")) },
        _ => Found::Curves { run, curves: Ok(curves(90..=120, 3.0, "jsd")) },
    };
    let effects = b.send(Message::Found(found));
    for effect in effects {
        if let Effect::Read(Ask::Curves(run)) = effect {
            b.send(Message::Found(Found::Curves { run, curves: Ok(curves(1..=50, 1e300, "jsd")) }));
        }
    }
}

pub(super) fn saved(step: u64, edits: &[(&str, Value)]) -> Saved {
    let probe = recorder_rows::probe_row(step.min(200));
    Saved {
        step,
        path: path(2).join(format!("checkpoints/step-{step:08}.safetensors")),
        written: "2026-11-22T11:00:00Z".into(),
        bytes: 3 << 20,
        config: Ok(Arc::new(config(edits))),
        probe: Some(Arc::new(probe)),
    }
}

#[test]
fn the_list_says_of_each_run_what_it_is_and_how_it_went() {
    let mut b = listed();
    for (width, height) in [(60, 20), (80, 24), (120, 40), (200, 60)] {
        let screen = b.screen(width, height);
        let (present, done, stopped) = (row(&screen, "this run"), row(&screen, "403/3,000"), row(&screen, "402/3,000"));
        assert!(present.contains("300/3,000"), "{screen}");
        assert!(done.contains("done") && done.contains("25.0"), "{done}");
        assert!(stopped.contains("stopped"), "{stopped}");
        assert!(screen.contains("unreadable"), "{screen}");
        let at = |part: &str| screen.lines().position(|l| l.contains(part)).unwrap();
        assert!(at("this run") < at("403/3,000") && at("403/3,000") < at("402/3,000"), "this one on top, newest first: {screen}");
        // Nothing sticks out: each line of the list ends with the frame.
        let right = present.chars().rev().position(|c| c == '│').unwrap();
        for line in [present, done, stopped] {
            assert_eq!(line.chars().rev().position(|c| c == '│'), Some(right), "{line}");
        }
    }
    let screen = b.screen(120, 40);
    assert!(row(&screen, "402/3,000").contains("dv") && row(&screen, "403/3,000").contains("jsd"), "{screen}");
    assert!(b.screen(200, 60).contains("conv32 ×32"), "a wide one has the encoder too");
    b.key(KeyCode::Down);
    let screen = b.screen(80, 24);
    assert!(screen.contains("/runs/2026-11-23-101500-shapes") && screen.contains("begun 11-23 10:15 UTC"), "{screen}");
    b.type_text("o");
    assert!(!b.screen(80, 24).contains("beside this one"), "the key that opened it closes it");
}

#[test]
fn a_list_that_is_looked_through_anew_keeps_what_was_known_and_drops_stale_answers() {
    let mut b = listed();
    b.key(KeyCode::Down);
    b.type_text("oo");
    assert!(b.screen(80, 24).contains("403/3,000"), "it does not flicker");
    let old = b.app.runs.scan - 1;
    b.send(Message::Found(Found::List { scan: old, present: None, rows: Vec::new() }));
    assert!(b.screen(80, 24).contains("403/3,000"));
    let scan = b.app.runs.scan;
    let rows = vec![(path(9), String::new()), (path(3), String::new())];
    b.send(Message::Found(Found::List { scan, present: None, rows }));
    assert_eq!(b.app.runs.picked().unwrap().path, path(3), "what was picked stays so, wherever it is now");
    assert!(!b.screen(80, 24).contains("402/3,000"));
}

#[test]
fn a_filter_leaves_the_runs_with_its_words() {
    let mut b = listed();
    b.type_text("/dv stop");
    let screen = b.screen(80, 24);
    assert!(screen.contains("/ dv stop") && screen.contains("1 of 3 beside"), "{screen}");
    assert!(screen.contains("402/3,000") && !screen.contains("403/3,000"), "{screen}");
    assert_eq!(b.app.runs.picked().unwrap().path, path(2));
    assert!(b.told().is_empty(), "its letters are no keys");
    b.key(KeyCode::Enter);
    b.key(KeyCode::Esc);
    assert!(b.screen(80, 24).contains("403/3,000"), "Esc takes the filter away first");
    b.type_text("/nothing like it");
    assert!(b.screen(80, 24).contains("0 of 3 beside"));
    b.key(KeyCode::Esc);
    assert!(b.screen(80, 24).contains("3 beside"));
}

#[test]
fn marked_runs_lie_over_the_charts_under_their_names_until_they_are_taken_off() {
    let mut b = listed();
    mark(&mut b, 1, curves(1..=600, 2.0, "jsd"));
    mark(&mut b, 2, curves(1..=500, 3.0, "jsd"));
    assert!(row(&b.screen(120, 40), "403/3,000").contains(GLYPHS[0]), "the sign that it has on the charts");
    b.type_text("o");
    let screen = b.screen(120, 48);
    // 2026-11-23-101500-shapes and so on, without what they share with each other and the present one.
    for part in ["◇ 23-101500 2.000", "△ 22-101500 3.000", "Loss, other runs: total", "local held-out", "other runs: Y"] {
        assert!(screen.contains(part), "no '{part}' in\n{screen}");
    }
    assert!(screen.contains("total 1.000") && screen.contains("local 1.000"), "its own curves stay: {screen}");
    assert_eq!(b.app.x_range(), (1.0, 600.0), "the charts reach as far as the runs");
    for (width, height) in [(60, 20), (80, 24), (200, 60)] {
        let screen = b.screen(width, height);
        assert!(screen.contains("◇ 23") && screen.contains("△ 22"), "{screen}");
    }
    b.type_text("z");
    assert!(b.screen(80, 24).contains("◇ 23-101500 2.000"), "in full screen too:\n{}", b.screen(80, 24));
    b.type_text("zO");
    assert!(!b.screen(120, 48).contains("23-101500"));
    assert_eq!(b.app.x_range(), (1.0, 300.0));
}

#[test]
fn a_mark_is_taken_off_where_it_was_made_and_colours_stay() {
    let mut b = listed();
    mark(&mut b, 1, curves(1..=600, 2.0, "jsd"));
    mark(&mut b, 2, curves(1..=600, 3.0, "jsd"));
    b.key(KeyCode::Up);
    b.type_text(" ");
    let screen = b.screen(120, 40);
    assert!(!row(&screen, "403/3,000").contains('◇') && row(&screen, "402/3,000").contains('△'), "{screen}");
    b.key(KeyCode::Down);
    b.key(KeyCode::Down);
    assert!(b.type_text(" ").is_empty(), "what cannot be read is not marked");
    assert!(b.screen(120, 40).contains("nonsense"));
    b.key(KeyCode::Home);
    assert!(b.type_text(" ").is_empty() && b.screen(120, 40).contains("on the charts already"));
    // What fails later says so and is gone.
    b.key(KeyCode::Down);
    b.type_text(" ");
    b.send(Message::Found(Found::Curves { run: path(3), curves: Err("metrics.jsonl: disk gone".into()) }));
    assert!(b.screen(120, 40).contains("disk gone") && b.app.runs.overlays.len() == 1);
}

#[test]
fn six_runs_are_told_apart_and_a_seventh_is_refused() {
    let mut b = training();
    b.type_text("o");
    let scan = b.app.runs.scan;
    let rows = (1..=7).rev().map(|i| (path(i), String::new())).collect();
    b.send(Message::Found(Found::List { scan, present: None, rows }));
    for n in 1..=6 {
        mark(&mut b, n, curves(1..=400, n as f64 + 1.0, "jsd"));
    }
    b.key(KeyCode::Down);
    assert!(b.type_text(" ").is_empty());
    assert!(b.screen(120, 40).contains("6 runs are marked"));
    b.type_text("oz");
    for theme in [Theme::colour(), Theme::mono()] {
        b.app.theme = theme;
        let buf = draw_to_buffer(&b.app, 120, 40);
        let screen = text(&buf);
        let legend = row(&screen, "◇");
        assert!(row(&screen, "this run 1.000").contains('━'), "one curve a run, its own too: {screen}");
        assert!(!screen.contains("local 1.000"), "{screen}");
        let mut looks = std::collections::BTreeSet::new();
        let y = screen.lines().position(|l| l == legend).unwrap() as u16;
        for glyph in GLYPHS {
            assert!(legend.contains(glyph), "no {glyph} in {legend}");
            let x = (0..120).find(|x| buf[(*x, y)].symbol() == glyph).unwrap();
            looks.insert(format!("{:?}", buf[(x, y)].fg));
            assert!(screen.lines().skip(usize::from(y) + 1).any(|l| l.contains(glyph)), "{glyph} is on its curve too: {screen}");
        }
        assert_eq!(looks.len(), if b.app.theme.has_colour() { 6 } else { 1 }, "each its own colour");
    }
    assert!(draw_to_buffer(&b.app, 120, 40).content().iter().all(|c| c.fg == Color::Reset && c.bg == Color::Reset));
}

#[test]
fn losses_of_other_estimators_are_said_not_to_compare() {
    let mut b = listed();
    mark(&mut b, 1, curves(1..=600, 900.0, "dv"));
    b.type_text("o");
    let screen = b.screen(120, 40);
    assert!(screen.contains("Loss, axis as for this run, other estimators: not comparable"), "{screen}");
    assert!(screen.contains("Mutual information, other runs: local held-out"), "nats compare: {screen}");
    // The axis is that of this run, whose total is 1; the curve that lies elsewhere does not flatten it.
    let ticks = |b: &Bench| {
        let screen = b.screen(120, 40);
        let chart = screen.lines().skip_while(|l| !l.contains("─ Loss")).take_while(|l| !l.contains("Mutual"));
        chart.filter_map(|l| l.split_once('┤').and_then(|(label, _)| label.trim().parse().ok())).collect::<Vec<f64>>()
    };
    assert!(ticks(&b).len() > 1 && ticks(&b).iter().all(|v| *v < 5.0), "{:?}\n{}", ticks(&b), b.screen(120, 40));
    // With nothing else to be seen, it has the axis to itself.
    for entry in entries(&b.app, ChartId::Loss, Rect::new(0, 0, 80, 20)) {
        if !matches!(entry.0, Entry::Run(_)) {
            b.app.sight.hidden.insert((ChartId::Loss, entry.0));
        }
    }
    assert!(ticks(&b).iter().any(|v| *v > 500.0) && !b.screen(120, 40).contains("axis as for"), "{}", b.screen(120, 40));
    b.app.sight.hidden.clear();
    // In force here from now on: then they do, as far as the run marked has had no other.
    b.publish(|s| s.config = Arc::new(s.config.with(&[("objective.estimator".into(), "dv".into())]).unwrap()));
    assert!(b.screen(120, 40).contains("Loss, other runs: total"));
}

#[test]
fn smoothed_curves_are_called_so_and_leave_the_raw_ones_behind_them() {
    let mut b = training();
    // A loss that jumps up and down by one around 1.
    let (session, link) = Session::pair(&b.app.live.config);
    for step in 1..=4000 {
        link.history.push_step(&recorder_rows::step_row(step, if step % 2 == 0 { 2.0 } else { 0.0 }));
    }
    b.app.history = session.history;
    b.publish(|s| s.step = 4000);
    assert!(b.screen(120, 40).contains("total 2.000"));
    b.type_text("zS");
    let buf = draw_to_buffer(&b.app, 120, 40);
    let screen = text(&buf);
    assert!(screen.contains("Loss, smoothed") && screen.contains("total 1.00"), "{screen}");
    let dim = |modifier| buf.content().iter().filter(|c| braille(c.symbol()) && c.modifier.contains(modifier)).count();
    assert!(dim(ratatui::style::Modifier::DIM) > 500, "the band of the raw curve is there, dimmed");
    let middle: Vec<u16> = (0..40)
        .filter(|y| {
            (20..100).all(|x| braille(buf[(x, *y)].symbol()) && !buf[(x, *y)].modifier.contains(ratatui::style::Modifier::DIM))
        })
        .collect();
    assert!((1..=2).contains(&middle.len()), "the smoothed one runs through its middle, bright: {middle:?}\n{screen}");
    b.type_text("S");
    assert!(!b.screen(120, 40).contains("Loss, smoothed"));
}

pub(super) fn braille(symbol: &str) -> bool {
    symbol.chars().all(|c| ('\u{2801}'..='\u{28ff}').contains(&c))
}

#[test]
fn differences_of_settings_are_a_line_a_key_and_a_column_a_run() {
    let mut b = listed();
    b.key(KeyCode::Tab);
    assert!(b.screen(80, 24).contains("no run is marked"));
    b.key(KeyCode::Tab);
    mark(&mut b, 1, curves(1..=10, 2.0, "dv"));
    mark(&mut b, 2, curves(1..=10, 2.0, "jsd"));
    b.key(KeyCode::Tab);
    for (width, height) in [(60, 20), (80, 24), (120, 40)] {
        let screen = b.screen(width, height);
        let words = |key: &str| row(&screen, key).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words("objective.estimator ")[1..5], ["objective.estimator", "jsd", "dv", "jsd"], "{screen}");
        // The bench trains with 1e-3, the others did with 0.5.
        assert_eq!(words("optim.lr ")[1..5], ["optim.lr", "0.001", "0.5", "0.5"], "{screen}");
        assert!(screen.contains("2 keys") && !screen.contains("optim.batch "), "{screen}");
    }
    b.key(KeyCode::Tab);
    assert!(b.screen(80, 24).contains("3 beside this one"));
}

#[test]
fn the_arena_lists_runs_and_lays_none_over_its_charts() {
    let mut b = Bench::with(config(&[("data.name", "gaussian".into())]));
    b.type_text("o");
    let scan = b.app.runs.scan;
    b.send(Message::Found(Found::List { scan, present: None, rows: vec![(path(1), String::new())] }));
    b.key(KeyCode::Down);
    assert!(b.type_text(" ").is_empty());
    assert!(b.screen(120, 40).contains("the arena's curves are not laid over"));
    b.type_text("oS");
    assert!(b.screen(120, 40).contains("means of 200 steps already"));
}
