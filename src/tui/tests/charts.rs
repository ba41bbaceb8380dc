//! The charts: which part of the axis they show, what it counts in, what is hidden, what the crosshair tells.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::{buffer::Buffer, layout::Rect, symbols::pixel::OCTANTS};

use super::{
    Bench, row,
    runs::{config, curves, listed, mark},
    text,
};
use crate::{
    record::{PerTerm, StepRow, TermLosses, recorder_rows},
    train::{
        History,
        history::{Axis, Mark, Series},
    },
    tui::{
        app::{ChartId, Cursor},
        draw_to_buffer,
        layout::layout,
        message::Message,
        runs::Curves,
        sight::{Entry, Range},
        theme::Theme,
        view::chart::{Marker, plot_area},
    },
};

pub(super) const SIZES: [(u16, u16); 4] = [(200, 60), (120, 40), (80, 24), (60, 20)];

/// A run of 600 steps, a tenth of a second each.
pub(super) fn run_of_600() -> Bench {
    let mut b = Bench::new();
    b.send(Message::Resize(120, 40));
    grow(&mut b, 600);
    b
}

/// Trains up to this step.
fn grow(b: &mut Bench, to: u64) {
    let from = b.app.history.last(Series::Loss).map_or(1, |(step, _)| step + 1);
    (from..=to).for_each(|step| b.link.history.push_step(&recorder_rows::step_row(step, 1.0 + 100.0 / step as f64)));
    b.publish(|s| s.step = to);
}

pub(super) fn area(b: &Bench, id: ChartId) -> Rect {
    layout(&b.app).unwrap().charts.into_iter().find(|(of, _)| *of == id).unwrap().1
}

/// The titles of all charts on the screen.
fn titles(screen: &str) -> Vec<&str> {
    let names = ["─ Loss", "─ Mutual", "─ Probe"];
    screen.lines().filter(|l| names.iter().any(|name| l.starts_with(name))).collect()
}

#[test]
fn zooming_at_the_end_follows_the_training_and_nought_comes_back() {
    let mut b = run_of_600();
    b.type_text("+");
    let (from, to) = b.app.x_range();
    assert_eq!((from, to), (300.5, 600.0));
    assert!(b.screen(120, 40).contains("last 300 steps and follow; 0 shows all"), "{}", b.screen(120, 40));
    grow(&mut b, 700);
    assert_eq!(b.app.x_range(), (400.5, 700.0));
    b.app.notice = None;
    for (width, height) in SIZES {
        let screen = b.screen(width, height);
        let told = titles(&screen).iter().filter(|title| title.contains(", last 300 steps ")).count();
        assert!(told == titles(&screen).len() || (told == 1 && width == 60), "{screen}");
        assert!(screen.lines().last().unwrap().contains(" 0 all "), "how to come back: {screen}");
    }
    b.type_text("-");
    assert_eq!(b.app.x_range(), (101.0, 700.0));
    b.type_text("0");
    assert_eq!((b.app.x_range(), b.app.sight.range), ((1.0, 700.0), Range::All));
    b.app.notice = None;
    assert!(!b.screen(120, 40).contains(" 0 all "));
}

#[test]
fn what_is_looked_at_stays_while_training_goes_on() {
    let mut b = run_of_600();
    b.app.cursor = Some(Cursor { x: 150.0, pinned: true });
    b.type_text("+");
    let range = b.app.x_range();
    assert!(range.1 < 500.0 && range.0 > 50.0, "{range:?}");
    grow(&mut b, 900);
    assert_eq!(b.app.x_range(), range);
    (b.app.notice, b.app.cursor) = (None, None);
    let screen = b.screen(120, 40);
    let title = titles(&screen)[0];
    assert!(title.contains(&format!("steps {:.0}–{:.0} ", range.0, range.1)), "{title} {range:?}");
    // The legend reads what is in sight: the last of it is step 375, not 900.
    assert!(screen.contains("total 1.267") && !screen.contains("total 1.111"), "{screen}");
    b.type_text(",");
    let earlier = b.app.x_range();
    assert!(earlier.0 < range.0 && (earlier.1 - earlier.0 - (range.1 - range.0)).abs() < 1e-9, "{earlier:?}");
    (0..20).for_each(|_| drop(b.send(Message::Key(KeyEvent::new(KeyCode::Right, KeyModifiers::SHIFT)))));
    assert!(matches!(b.app.sight.range, Range::Last(_)) && b.app.x_range().1 == 900.0, "at the end it follows again");
}

#[test]
fn windows_are_ranges_like_any_other() {
    let mut b = run_of_600();
    grow(&mut b, 2000);
    b.type_text("w");
    assert_eq!(b.app.x_range(), (1000.0, 2000.0));
    b.type_text("w");
    assert_eq!(b.app.x_range(), (1800.0, 2000.0));
    b.type_text("-");
    assert_eq!(b.app.x_range(), (1600.0, 2000.0));
    b.type_text("www");
    assert_eq!((b.app.x_range(), b.app.sight.range), ((1.0, 2000.0), Range::All));
}

#[test]
fn a_frozen_view_can_be_looked_into_and_does_not_move() {
    let mut b = run_of_600();
    b.type_text("f+");
    grow(&mut b, 900);
    assert_eq!(b.app.x_range(), (300.5, 600.0));
    b.type_text("0");
    assert_eq!(b.app.x_range(), (1.0, 600.0));
    b.type_text("f");
    assert_eq!(b.app.x_range(), (1.0, 900.0));
}

/// 300 steps of a tenth of a second, then 30 of ten seconds.
fn slowing() -> Bench {
    let mut b = Bench::new();
    b.send(Message::Resize(120, 40));
    for step in 1..=330u64 {
        let seconds = if step <= 300 { step as f64 / 10.0 } else { 30.0 + (step - 300) as f64 * 10.0 };
        let loss = if step <= 300 { 1.0 } else { 2.0 };
        b.link.history.push_step(&StepRow { seconds, ..recorder_rows::step_row(step, loss) });
    }
    b.publish(|s| s.step = 330);
    b
}

#[test]
fn on_an_axis_of_time_a_slow_step_is_a_long_way() {
    let mut b = slowing();
    b.type_text("zY");
    let (from, to) = b.app.x_range();
    assert!((from - 0.1).abs() < 1e-9 && (to - 330.0).abs() < 1e-9, "{from} {to}");
    b.app.cursor = Some(Cursor { x: 130.0, pinned: true });
    let buf = draw_to_buffer(&b.app, 120, 40);
    let screen = text(&buf);
    let labels = row(&screen, "time ");
    assert!(labels.contains("1:00") && labels.contains("5:00") && labels.contains(" 2:10 · step 310 "), "{labels}");
    assert!(screen.contains("total 2.000"), "at 2:10 the loss was 2: {screen}");
    // The first 300 steps are the first tenth: the jump from 1 to 2 is there, and not at nine tenths.
    let plot = plot_area(area(&b, ChartId::Loss));
    let top = |x: u16| (plot.y..plot.bottom()).find(|y| super::runs::braille(buf[(x, *y)].symbol()));
    let (early, late) = (top(plot.x + 5).unwrap(), top(plot.x + plot.width / 2).unwrap());
    assert!(late + 5 < early, "{early} {late}\n{screen}");
    b.app.notice = None;
    b.type_text("+");
    assert!(row(&b.screen(120, 40), "Loss").contains("Loss, 1:05–3:50"), "{}", b.screen(120, 40));
    // What is in view stays so when the axis counts in something else, and back.
    let steps = |b: &Bench| {
        let (from, to) = b.app.x_range();
        [from, to].map(|x| (b.app.history.step_at(b.app.sight.axis, x) * 1e3).round() / 1e3)
    };
    let before = steps(&b);
    b.type_text("Y");
    assert_eq!((b.app.sight.axis, steps(&b)), (Axis::Epochs, before));
    let screen = b.screen(120, 40);
    assert!(screen.lines().any(|l| l.starts_with("epoch ") && l.contains(" 3.100 · step 310 ")), "{screen}");
    b.type_text("Y");
    assert_eq!((b.app.sight.axis, steps(&b)), (Axis::Steps, before));
    assert_eq!(b.app.cursor.unwrap().x, 310.0);
}

#[test]
fn other_runs_lie_at_their_own_time_and_those_without_epochs_are_named() {
    let mut b = listed();
    // Twice as slow as this one, half as many steps: as long.
    let slow = History::default();
    for step in 1..=150 {
        let row = recorder_rows::step_row(step, 5.0);
        slow.push_step(&StepRow { seconds: row.seconds * 2.0, epoch: None, ..row });
    }
    let slow = Curves { history: slow, config: config(&[]), estimators: [(None, Some("jsd".to_owned()))].into() };
    mark(&mut b, 1, Arc::new(slow));
    b.type_text("ozY");
    b.app.notice = None;
    let buf = draw_to_buffer(&b.app, 120, 40);
    let colour = b.app.theme.curve(5).style.fg.unwrap();
    let widest = |buf: &Buffer| {
        (0..120).rev().find(|x| (4..38).any(|y| buf[(*x, y)].fg == colour && super::runs::braille(buf[(*x, y)].symbol())))
    };
    assert!(widest(&buf).is_some_and(|x| x > 112), "it reaches to the end: {:?}\n{}", widest(&buf), text(&buf));
    b.type_text("Y");
    b.app.notice = None;
    let screen = b.screen(120, 40);
    assert!(screen.contains("1 without epochs") && screen.contains("(23-101500)"), "{screen}");
    b.type_text("Y");
    assert!(!b.screen(120, 40).contains("without epochs"));
}

#[test]
fn an_axis_that_nothing_is_known_of_is_not_offered() {
    let mut b = Bench::new();
    b.type_text("Y");
    assert_eq!(b.app.sight.axis, Axis::Steps);
    assert!(b.screen(120, 40).contains("neither time nor epochs"));
    for step in 1..=10 {
        b.link.history.push_step(&StepRow { epoch: None, ..recorder_rows::step_row(step, 1.0) });
    }
    b.type_text("YY");
    assert_eq!(b.app.sight.axis, Axis::Steps, "from time straight back to steps");
}

/// A chart in full screen with a loss of 1 and terms of 50 and 2.
pub(super) fn with_terms() -> Bench {
    let mut b = Bench::new();
    b.send(Message::Resize(120, 40));
    for step in 1..=100 {
        let terms = TermLosses { local: Some(50.0), prior: Some(2.0), ..TermLosses::default() };
        b.link.history.push_step(&StepRow { terms, mi: PerTerm::default(), ..recorder_rows::step_row(step, 1.0) });
    }
    b.link.history.push_probe(&recorder_rows::probe_row(50));
    b.publish(|s| s.step = 100);
    b
}

#[test]
fn a_line_is_hidden_by_keys_and_the_axis_follows_what_is_left() {
    for theme in [Theme::colour(), Theme::mono()] {
        let mut b = with_terms();
        b.app.theme = theme;
        b.type_text("zb");
        assert_eq!(b.app.sight.picked, Some((ChartId::Loss, Entry::Curve(Series::Loss))));
        b.type_text("b");
        assert!(b.screen(120, 40).contains("local: B hides or shows it"));
        let buf = draw_to_buffer(&b.app, 120, 40);
        let screen = text(&buf);
        let y = screen.lines().position(|l| l.contains("local 50.00")).unwrap() as u16;
        let x = row(&screen, "local 50.00").split("local").next().unwrap().chars().count() as u16;
        assert_eq!(buf[(x, y)].style(), buf[(x + 4, y)].style());
        assert_ne!(buf[(x, y)].style(), buf[(x + 7, y)].style(), "the picked one stands out");
        assert!(screen.contains("40 ┤") && screen.contains("local 50.00"), "{screen}");
        b.type_text("B");
        b.app.notice = None;
        let screen = b.screen(120, 40);
        assert!(screen.contains("· (local)") && !screen.contains("local 50.00") && !screen.contains("40 ┤"), "{screen}");
        assert!(screen.contains("total 1.000") && screen.contains("prior 2.000") && screen.contains("2.0 ┤"), "{screen}");
        assert!(screen.lines().last().unwrap().contains(" A unhide "), "{screen}");
        b.type_text("A");
        assert!(b.screen(120, 40).contains("local 50.00"));
        b.type_text("b");
        b.key(KeyCode::Esc);
        assert!(b.app.sight.picked.is_none() && b.app.zoom.is_some());
    }
}

#[test]
fn an_overlaid_run_is_hidden_with_all_its_curves_and_shown_when_marked_anew() {
    let mut b = listed();
    mark(&mut b, 1, curves(1..=300, 9.0, "jsd"));
    b.type_text("o");
    b.app.sight.toggle(ChartId::Loss, Entry::Run(0));
    b.app.smooth = true;
    let screen = b.screen(120, 40);
    assert!(screen.contains("· (23-101500)") && !screen.contains("9.000"), "{screen}");
    b.type_text("o");
    b.key(KeyCode::Home);
    b.key(KeyCode::Down);
    b.type_text(" ");
    mark(&mut b, 1, curves(1..=300, 9.0, "jsd"));
    assert!(b.app.sight.hidden.is_empty());
}

#[test]
fn the_crosshair_on_a_change_tells_it_on_one_chart() {
    let mut b = run_of_600();
    let text = |text: &str, step| Mark { step, text: text.into(), breaks_loss: true };
    b.link.history.mark(text("optim.lr 0.1 → 0.2", 300));
    b.link.history.mark(text("objective.estimator jsd → dv", 300));
    b.app.cursor = Some(Cursor { x: 300.0, pinned: false });
    for (width, height) in SIZES {
        let screen = b.screen(width, height);
        assert_eq!(screen.matches("300: optim.lr").count(), 1, "{width}×{height}\n{screen}");
    }
    b.app.cursor = Some(Cursor { x: 450.0, pinned: false });
    assert!(!b.screen(120, 40).contains("300: optim.lr"));
}

#[test]
fn every_marker_draws_the_whole_screen_in_its_own_characters() {
    for marker in Marker::ALL {
        let mut b = run_of_600();
        b.app.ui.marker = marker;
        let own = |c: char| match marker {
            Marker::Braille => ('\u{2801}'..='\u{28ff}').contains(&c),
            Marker::Octant => OCTANTS.contains(&c) && c != ' ',
            Marker::Block => "▘▝▀▖▌▞▛▗▚▐▜▄▙▟".contains(c),
            Marker::Dot => c == '•',
        };
        let count = |id: ChartId| {
            let buf = draw_to_buffer(&b.app, 120, 40);
            let plot = plot_area(area(&b, id));
            plot.positions().filter(|p| buf[*p].symbol().chars().all(own)).count()
        };
        assert!(count(ChartId::Loss) > 20, "{marker:?}\n{}", b.screen(120, 40));
    }
}

/// All of it at once, at every size and without colour: nothing is cut in a word, and what is not the whole truth is said.
#[test]
fn zoomed_hidden_and_over_time_the_screen_says_everything_at_every_size() {
    for theme in [Theme::colour(), Theme::mono()] {
        for (width, height) in SIZES {
            let mut b = listed();
            b.app.theme = theme.clone();
            b.send(Message::Resize(width, height));
            mark(&mut b, 1, curves(1..=600, 2.0, "dv"));
            b.type_text("oYS+");
            b.key(KeyCode::Tab);
            b.type_text("bB");
            b.app.notice = None;
            let buf = draw_to_buffer(&b.app, width, height);
            let screen = text(&buf);
            for title in titles(&screen) {
                let title = title.split('│').next().unwrap();
                assert!(!title.contains('…'), "{title}");
                assert!(title.contains("smooth") || !title.contains("Loss"), "smoothed is never left out: {title}");
            }
            assert!(row(&screen, "Loss").contains("not comparable"), "{screen}");
            let hints = screen.lines().last().unwrap();
            // Where a chart has no room for its legend the hints say that something is hidden.
            assert!(screen.contains("· (") || hints.contains(" B hide or show "), "{screen}");
            assert!(hints.contains(" 0 all "), "{screen}");
            let axis = if width >= 80 { "time " } else { "t " };
            assert!(screen.lines().any(|l| l.starts_with(axis) && l.contains("0:")), "{screen}");
            let coloured = buf.content().iter().any(|c| c.fg != ratatui::style::Color::Reset);
            assert_eq!(coloured, b.app.theme.has_colour());
        }
    }
}
