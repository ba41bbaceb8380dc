//! What `i` says.

use crossterm::event::KeyCode;

use super::{Bench, row};
use crate::{
    config::Config,
    tui::{
        app::{ChartId, Mode, Panel},
        controls::{CONTROLS, index_of},
        explain::{Topic, of_series, of_setting},
        keys::Action,
        message::Message,
        view::charts::curves_of,
    },
};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 40), (80, 24), (60, 20)];

/// Every page of the explanation that is open.
fn all_of_it(b: &mut Bench, width: u16, height: u16) -> String {
    b.send(Message::Resize(width, height));
    let mut text = b.screen(width, height);
    for _ in 0..60 {
        b.key(KeyCode::PageDown);
        text += &b.screen(width, height);
    }
    text
}

/// The words of a screen, however they are broken over its lines.
fn words(screen: &str) -> String {
    screen.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_line_of_every_chart_is_explained() {
    let arena = Config::default().with(&[("data.name".into(), "gaussian".into())]).unwrap();
    for config in [Config::default(), arena] {
        let b = Bench::with(config);
        let estimates = std::collections::BTreeMap::from([("dv".to_owned(), Some(1.0)), ("infonce".to_owned(), None)]);
        if !b.app.live.config.has_encoder() {
            let arena = crate::record::ArenaRow {
                truth: 2.0,
                nats: estimates.clone(),
                bias: estimates.clone(),
                deviation: estimates.clone(),
                ceiling: estimates,
            };
            b.link.history.push_step(&crate::record::StepRow { arena: Some(arena), ..super::robust::row(1, 1.0) });
        }
        for id in b.app.charts() {
            let curves = curves_of(&b.app, id, 200);
            assert!(!curves.is_empty());
            for curve in curves {
                assert!(of_series(curve.series).is_some(), "nothing explains the line '{}' of {id:?}", curve.label);
            }
        }
    }
}

#[test]
fn a_setting_says_what_it_is_what_it_takes_and_what_it_is_now() {
    for (width, height) in SIZES {
        let mut b = Bench::new();
        b.app.selected = index_of("objective.local.negatives").unwrap();
        b.send(Message::Resize(width, height));
        b.type_text("i");
        let text = all_of_it(&mut b, width, height);
        for part in ["objective.local.negatives", "formula", "ln(K+1)", "takes", "auto (63)", "changes", "i closes"] {
            assert!(text.contains(part), "no '{part}' at {width}×{height} in\n{text}");
        }
        b.type_text("i");
        assert!(matches!(b.app.mode, Mode::Normal));
    }
}

#[test]
fn a_chart_explains_its_lines_with_the_estimator_in_force() {
    for (width, height) in SIZES {
        let mut b = Bench::with(Config::default().with(&[("objective.estimator".into(), "infonce".into())]).unwrap());
        b.app.focus = Panel::Chart(ChartId::Information);
        b.type_text("i");
        let text = all_of_it(&mut b, width, height);
        let words = words(&text);
        for part in [
            "local held-out (L val)",
            "local ceiling (L max)",
            "unit nats",
            "Estimator infonce: InfoNCE",
            "van den Oord",
            "arXiv 2510.20644",
        ] {
            assert!(words.contains(part), "no '{part}' at {width}×{height} in\n{words}");
        }
    }
}

#[test]
fn the_chart_of_accuracy_says_why_it_falls_on_shapes() {
    let mut b = Bench::new();
    b.app.focus = Panel::Chart(ChartId::Accuracy);
    b.type_text("i");
    assert!(b.screen(120, 40).contains("Why accuracy falls on these images"));
    let mut b = Bench::with(Config::default().with(&[("data.name".into(), "cifar10".into())]).unwrap());
    b.app.focus = Panel::Chart(ChartId::Accuracy);
    b.type_text("i");
    let screen = words(&b.screen(100, 30));
    assert!(!screen.contains("falls") && screen.contains("never sees a label"), "{screen}");
}

#[test]
fn it_lies_over_a_view_goes_round_all_topics_and_gives_the_view_back() {
    for (key, word) in
        [("v", "of ln r, nats"), ("r", "principal components of Y"), ("a", "untrained and gain"), ("D", "augmented")]
    {
        let mut b = Bench::new();
        b.type_text(key);
        let told = b.told();
        b.type_text("i");
        assert!(b.told().is_empty(), "the trainer goes on with what is looked at: {told:?}");
        assert!(b.screen(120, 40).contains(word), "{key}:\n{}", b.screen(120, 40));
        b.key(KeyCode::Esc);
        assert!(!matches!(b.app.mode, Mode::Normal | Mode::Explain(_)), "{key} is open again");
    }
    let mut b = Bench::new();
    b.type_text("i");
    let mut seen = Vec::new();
    for _ in 0..10 {
        let Mode::Explain(open) = &b.app.mode else { panic!("closed") };
        seen.push(open.topic);
        b.key(KeyCode::Right);
    }
    let Mode::Explain(open) = &b.app.mode else { panic!("closed") };
    assert_eq!(open.topic, seen[0], "ten topics, round and round");
    assert!(
        seen.contains(&Topic::Header)
            && seen.contains(&Topic::Chart(ChartId::Accuracy))
            && seen.contains(&Topic::View(Action::Data))
    );
}

#[test]
fn from_the_log_the_header_is_explained_and_other_keys_go_through() {
    let mut b = Bench::new();
    b.app.focus = Panel::Log;
    b.type_text("i");
    assert!(row(&b.screen(120, 40), "What is going on").contains("What is going on"));
    b.type_text(" ");
    assert_eq!(b.told().len(), 1, "Space pauses");
    assert!(matches!(b.app.mode, Mode::Normal));
}

#[test]
fn every_explanation_draws_at_every_size_without_a_cut_word() {
    for (width, height) in SIZES {
        for (i, control) in CONTROLS.iter().enumerate() {
            let mut b = Bench::new();
            b.app.selected = i;
            b.send(Message::Resize(width, height));
            b.type_text("i");
            let screen = b.screen(width, height);
            let Some(entry) = of_setting(control.key) else { panic!("{}", control.key) };
            let first = entry.what.split_whitespace().next().unwrap();
            // On small screens the explanation is all there is between its borders.
            let cut = width < 110 && screen.lines().any(|line| line.starts_with('│') && line.contains('…'));
            assert!(screen.contains(first) && !cut, "{} at {width}×{height}\n{screen}", control.key);
        }
    }
}

#[test]
fn the_view_under_an_explanation_stays_the_open_tab() {
    let mut b = Bench::new();
    b.type_text("v");
    b.type_text("i");
    assert!(matches!(b.app.mode, Mode::Explain(_)));
    assert!(row(&b.screen(120, 40), "Estimators").contains("▸ Estimators"), "{}", b.screen(120, 40));
}
