//! Getting about: the row of tabs, the log in full, the filters, the slider.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Modifier;
use toml::Value;

use super::{Bench, row, text};
use crate::{
    config::Config,
    train::Event,
    tui::{
        app::{ChartId, Mode, Panel},
        controls::{CONTROLS, index_of},
        draw_to_buffer,
        keys::Action,
        layout::{Row, foot_area, layout, list_area, visible_rows},
        log::Kind,
        message::{Effect, Message},
        tabs::{self, TABS},
        view,
    },
};

const SIZES: [(u16, u16); 4] = [(60, 20), (80, 24), (120, 40), (200, 60)];

fn sized(b: &mut Bench, width: u16, height: u16) {
    b.send(Message::Resize(width, height));
}

/// Where a tab is on a screen of the bench's size.
fn place(b: &Bench, action: Action) -> (u16, u16) {
    let places = view::tabs::places(&b.app, layout(&b.app).unwrap().tabs);
    let place = places.iter().find(|p| p.action == action).unwrap();
    (place.area.x + 2, place.area.y)
}

#[test]
fn the_tabs_are_all_there_with_their_keys_and_cost_one_row_where_there_are_24() {
    let mut b = Bench::new();
    for (width, height) in SIZES {
        sized(&mut b, width, height);
        let screen = b.screen(width, height);
        let Some(line) = screen.lines().find(|l| l.contains("▸ Train")) else {
            assert_eq!(height, 20, "no tabs at {width}×{height}\n{screen}");
            continue;
        };
        assert!(height >= 24);
        for tab in tabs::all(&b.app).skip(1) {
            let key = b.app.ui.keys.name(tab.action);
            let shown = [tab.name, tab.short].iter().any(|name| line.contains(&format!("{key} {name}")));
            assert!(shown, "no '{key} {}' at {width}×{height} in {line}", tab.name);
        }
        assert_eq!(layout(&b.app).unwrap().charts.len(), 3, "three charts at {width}×{height}");
    }
    // At 80×24 that row is taken from the losses, whose legend fits beside their title.
    sized(&mut b, 80, 24);
    let rows: Vec<u16> = layout(&b.app).unwrap().charts.iter().map(|(_, area)| area.height).collect();
    assert_eq!(rows, [5, 6, 6]);
    // A tall and narrow screen has short names, none of them cut.
    sized(&mut b, 60, 30);
    let screen = b.screen(60, 30);
    assert!(row(&screen, "▸ Train").contains("r Codes") && row(&screen, "▸ Train").contains("Log"), "{screen}");
}

#[test]
fn the_open_tab_is_marked_by_more_than_colour() {
    let mut b = Bench::new();
    sized(&mut b, 120, 40);
    b.type_text("v");
    let buf = draw_to_buffer(&b.app, 120, 40);
    assert!(row(&text(&buf), "▸ Estimators").contains("C Train"));
    let (x, y) = place(&b, Action::Estimators);
    assert!(buf[(x, y)].modifier.contains(Modifier::UNDERLINED | Modifier::BOLD));
    let (x, y) = place(&b, Action::Train);
    assert!(!buf[(x, y)].modifier.contains(Modifier::UNDERLINED));
}

#[test]
fn keys_and_clicks_lead_from_tab_to_tab_and_round() {
    let mut b = Bench::new();
    sized(&mut b, 120, 40);
    let mut seen = vec![tabs::present(&b.app)];
    for _ in 0..TABS.len() {
        b.type_text(")");
        seen.push(tabs::present(&b.app));
    }
    let all: Vec<Action> = TABS.iter().map(|t| t.action).collect();
    assert_eq!(seen[..all.len()], all);
    assert_eq!(seen.last(), Some(&Action::Train), "and round");
    b.send(Message::Key(KeyEvent::new(KeyCode::PageUp, KeyModifiers::CONTROL)));
    assert_eq!(tabs::present(&b.app), Action::Log);

    for tab in TABS {
        let (x, y) = place(&b, tab.action);
        let effects = b.click((x, y));
        assert_eq!(tabs::present(&b.app), tab.action, "a click on {}", tab.name);
        assert_eq!(matches!(effects[..], [Effect::Read(_)]), tab.action == Action::Runs, "the runs are looked for");
    }
    // A click on the tab that is open closes it, C leads to the charts from anywhere.
    let (x, y) = place(&b, Action::Log);
    b.click((x, y));
    assert!(matches!(b.app.mode, Mode::Normal));
    b.type_text("aC");
    assert!(matches!(b.app.mode, Mode::Normal));
}

#[test]
fn the_arena_has_no_tabs_for_what_it_has_not() {
    let mut b = Bench::with(Config::default().with(&[("data.name".into(), "gaussian".into())]).unwrap());
    sized(&mut b, 120, 40);
    let screen = b.screen(120, 40);
    let line = row(&screen, "▸ Train");
    assert!(!line.contains("Representation") && !line.contains("Probes") && line.contains("Runs"), "{line}");
    for _ in 0..TABS.len() {
        b.type_text(")");
        assert!(!matches!(b.app.mode, Mode::Representation { .. } | Mode::Probes(_)));
    }
}

#[test]
fn the_log_in_full_shows_more_and_a_filter_less() {
    let mut b = Bench::new();
    for i in 0..100 {
        b.event(Event::Warning(format!("line {i}")));
    }
    b.app.note(Kind::Refused, "optim.lr 1 → 2 refused: too much");
    b.type_text("g");
    for (width, height) in SIZES {
        let screen = b.screen(width, height);
        assert!(screen.contains(" Log · 101 lines ") && screen.contains("too much") && screen.contains("line 90"), "{screen}");
    }
    b.key(KeyCode::Up);
    let screen = b.screen(80, 24);
    assert!(screen.contains("1 newer below") && !screen.contains("too much"), "{screen}");
    b.key(KeyCode::End);
    // Words of the text, in any order, or the kind.
    b.type_text("/99 line");
    let screen = b.screen(80, 24);
    assert!(screen.contains("1 of 101 lines") && screen.contains("line 99") && !screen.contains("line 98"), "{screen}");
    b.key(KeyCode::Esc);
    b.type_text("/refused");
    b.key(KeyCode::Enter);
    let screen = b.screen(80, 24);
    assert!(screen.contains("1 of 101 lines") && screen.contains("too much") && !screen.contains("line 99"), "{screen}");
    // The view closes with the second Esc, the filter goes with the first.
    b.key(KeyCode::Esc);
    assert!(b.screen(80, 24).contains("101 lines"));
    b.key(KeyCode::Esc);
    assert!(matches!(b.app.mode, Mode::Normal));
    // From the charts, with the focus on the log.
    b.app.focus = Panel::Log;
    b.type_text("/zzz");
    assert!(b.screen(80, 24).contains("no line has these words"));
}

#[test]
fn a_filter_leaves_the_settings_whose_label_key_or_doc_has_the_words() {
    let mut b = Bench::new();
    let all = b.app.controls().len();
    b.type_text("/weight");
    for (width, height) in SIZES {
        sized(&mut b, width, height);
        let screen = b.screen(width, height);
        assert!(screen.contains(&format!("Settings 3/{all}: weight")), "{width}×{height}\n{screen}");
        for part in ["▸ L weight β", "  G weight α", "  P weight γ"] {
            assert!(screen.contains(part), "no '{part}' at {width}×{height}\n{screen}");
        }
        assert!(!screen.contains("learn rate"), "{screen}");
    }
    assert_eq!(CONTROLS[b.app.selected].key, "objective.local.weight", "the first is selected");
    // The words are kept while one moves and changes; the arrows stay among those that are listed.
    b.key(KeyCode::Enter);
    (0..9).for_each(|_| drop(b.key(KeyCode::Down)));
    assert_eq!(CONTROLS[b.app.selected].key, "objective.prior.weight");
    b.key(KeyCode::Right);
    assert_eq!(b.request().1[0].key, "objective.prior.weight");
    b.key(KeyCode::Esc);
    assert_eq!(b.app.listed().len(), all);

    // A part of the key, a word of the explanation.
    for (words, key) in [("clip_norm", "optim.clip_norm"), ("adam", "optim.lr")] {
        b.type_text(&format!("/{words}"));
        assert_eq!(b.app.listed(), [index_of(key).unwrap()], "{words}");
        b.key(KeyCode::Esc);
    }
    // What nothing has: nothing is listed, nothing changes.
    b.type_text("/zzz");
    b.key(KeyCode::Enter);
    assert!(b.screen(120, 40).contains("no setting has these words"));
    for key in [KeyCode::Right, KeyCode::Down, KeyCode::Enter, KeyCode::Backspace] {
        b.key(key);
    }
    assert!(b.told().is_empty());
    b.key(KeyCode::Esc);
    assert_eq!(b.app.listed().len(), all);
}

/// The row of the slider, and where its track begins.
fn slider(b: &Bench) -> (String, u16, u16, u16) {
    let foot = foot_area(layout(&b.app).unwrap().controls);
    let y = foot.bottom() - 1;
    let screen = b.screen(b.app.area.width, b.app.area.height);
    let line: String = screen.lines().nth(y.into()).unwrap().chars().skip(foot.x.into()).take(foot.width.into()).collect();
    let first = line.chars().position(|c| "─●○┴".contains(c)).unwrap() as u16;
    let columns = line.chars().filter(|c| "─●○┴".contains(*c)).count() as u16;
    (line, foot.x + first, y, columns)
}

#[test]
fn a_slider_shows_what_is_in_force_requested_and_the_default() {
    let mut b = Bench::new();
    for (width, height) in SIZES {
        sized(&mut b, width, height);
        b.app.selected = index_of("optim.lr").unwrap();
        let (line, ..) = slider(&b);
        assert!(line.starts_with("1e-7 ─") && line.trim_end().ends_with("─ 1"), "{width}×{height} {line}");
        // 1e-3 is in force, 1e-4 the default.
        let (now, default) = (line.find('●').unwrap(), line.find('┴').unwrap());
        assert!(default < now, "{line}");
    }
    sized(&mut b, 120, 40);
    b.type_text(">");
    let (line, ..) = slider(&b);
    assert!(line.find('●').unwrap() < line.find('○').unwrap(), "requested, not in force: {line}");
    let (id, changes) = b.request();
    b.accept(id, &changes);
    assert!(!slider(&b).0.contains('○'));
    // What is no number has none.
    b.app.selected = index_of("objective.estimator").unwrap();
    assert!(!b.screen(120, 40).contains('┴'));
}

#[test]
fn a_click_on_the_slider_sets_the_value_that_is_there() {
    let mut b = Bench::new();
    sized(&mut b, 120, 40);
    b.app.selected = index_of("objective.local.weight").unwrap();
    let (_, x, y, columns) = slider(&b);
    b.click((x + columns - 1, y));
    assert_eq!(b.request().1[0].to, Value::Float(100.0));
    b.click((x, y));
    assert_eq!(b.request().1[0].to, Value::Float(0.0));
    b.click((x + columns / 2, y));
    let Value::Float(middle) = b.request().1[0].to else { panic!() };
    assert!((0.2..=5.0).contains(&middle), "{middle}");
    // A setting that takes a new run waits for it.
    b.app.selected = index_of("encoder.width").unwrap();
    let (_, x, y, _) = slider(&b);
    b.click((x, y));
    assert!(b.told().is_empty() && b.app.next_run.contains_key("encoder.width"));
}

#[test]
fn the_range_is_said_before_anything_is_typed() {
    let mut b = Bench::new();
    b.app.selected = index_of("optim.batch").unwrap();
    b.key(KeyCode::Enter);
    for (width, height) in SIZES {
        assert!(b.screen(width, height).contains("a whole number from 2 to 100000"), "{}", b.screen(width, height));
    }
}

#[test]
fn the_foot_does_not_cover_the_list() {
    let mut b = Bench::new();
    for (width, height) in SIZES {
        sized(&mut b, width, height);
        let panel = layout(&b.app).unwrap().controls;
        let (list, foot) = (list_area(panel), foot_area(panel));
        assert!(list.bottom() <= foot.y && foot.bottom() <= panel.bottom(), "{list:?} {foot:?} {panel:?}");
        for i in b.app.controls() {
            b.app.selected = i;
            assert!(visible_rows(&b.app, list).contains(&Row::Control(i)));
        }
    }
}

#[test]
fn a_filter_asked_for_on_a_chart_is_of_the_settings_beside_it() {
    let mut b = Bench::new();
    b.app.focus = Panel::Chart(ChartId::Information);
    b.type_text("/weight");
    let screen = b.screen(120, 40);
    assert!(screen.contains("Settings 3/") && screen.contains("─ Mutual information"), "{screen}");
    assert!(screen.lines().last().unwrap().contains("settings · Enter keeps · Esc all"), "{screen}");
    b.key(KeyCode::Esc);
    assert!(b.app.filter.is_empty() && matches!(b.app.mode, Mode::Normal));
    // Where no settings are in sight it says so, and goes nowhere.
    b.app.focus = Panel::Chart(ChartId::Loss);
    b.type_text("z/");
    assert!(b.screen(120, 40).contains("the settings are not in sight: z shows them"), "{}", b.screen(120, 40));
    assert!(matches!(b.app.mode, Mode::Normal) && b.app.zoom.is_some());
    // Nor does a view without lines of words lead elsewhere.
    b.type_text("v/");
    assert!(matches!(b.app.mode, Mode::Estimators(_)) && b.screen(120, 40).contains("nothing to filter here"));
}
