//! The representation view.

use std::sync::Arc;

use crossterm::event::KeyCode;
use ratatui::{buffer::Buffer, layout::Rect};

use super::Bench;
use crate::{
    config::Config,
    train::{Command, LocalScores, Pictures, Portrait, Watched},
    tui::{app::App, graphics::Protocol, view},
};

/// Twelve images of 4×4 in three classes, each class a heap of its own.
fn portrait(picked: usize) -> Portrait {
    let labels: Vec<usize> = (0..12).map(|i| i % 3).collect();
    let heaps = [[-1.0, -1.0], [1.0, -1.0], [0.0, 1.0]];
    Portrait {
        step: 1234,
        points: labels.iter().map(|c| heaps[*c]).collect(),
        plane: None,
        explained: [0.62, 0.21],
        agreement: 0.75,
        picked,
        neighbours: vec![(3, 0.99), (6, 0.5), (1, 0.2)],
        local: Some(LocalScores { side: 2, map: vec![-1.5, 0.0, 0.0, 2.5], hardest: vec![(5, 0.75), (2, -0.25)] }),
        pictures: Arc::new(Pictures {
            channels: 1,
            height: 4,
            width: 4,
            pixels: (0..12 * 16).map(|i| (i * 7 % 256) as u8).collect(),
            labels,
            classes: ["square", "disk", "star"].map(String::from).into(),
        }),
    }
}

fn open() -> Bench {
    let mut b = Bench::new();
    b.type_text("r");
    assert!(matches!(b.told()[..], [Command::Watch(Watched::Portrait { picked: 0 })]), "the trainer is asked for it");
    b
}

#[test]
fn it_shows_codes_neighbours_and_scores_at_every_size() {
    let mut b = open();
    assert!(b.screen(80, 24).contains("on their way"));
    b.publish(|s| s.portrait = Some(Arc::new(portrait(0))));
    for (width, height) in [(60, 20), (80, 24), (120, 40), (200, 60)] {
        let screen = b.screen(width, height);
        for part in ["12 held-out images", "image 1 of 12: square", "2 of 3 its class", "0 square"] {
            assert!(screen.contains(part), "no '{part}' at {width}×{height} in\n{screen}");
        }
    }
    let screen = b.screen(120, 40);
    for part in [
        "(62 %, 21 %)",
        "scores T by place, -1.500 … 2.500",
        "75 % agree",
        "=0.990",
        "≠0.200",
        "hardest negatives",
        "≠0.750",
        "1 disk  2 star",
    ] {
        assert!(screen.contains(part), "no '{part}' in\n{screen}");
    }
    // Class 2 lies above, class 0 below and left of class 1.
    let rows: Vec<&str> = screen.lines().collect();
    let find = |glyph: &str| {
        let inside = |line: &&str| line.chars().nth(1).is_some() && line.starts_with('│');
        rows.iter().enumerate().filter(|(_, l)| inside(l)).find_map(|(y, line)| {
            let plot: String = line.chars().skip(1).take(40).collect();
            (plot.trim() == glyph).then(|| (y, plot.find(glyph).unwrap()))
        })
    };
    let top = find("2").expect("class 2 alone in its row");
    let bottom =
        rows.iter().position(|l| l.starts_with("│ 0") && l.contains(" 1 ") && !l.contains("square")).expect("a row of 0 and 1");
    assert!(top.0 < bottom, "{screen}");
}

#[test]
fn real_pictures_lie_on_half_blocks_and_go_with_the_view() {
    let mut b = open();
    b.publish(|s| s.portrait = Some(Arc::new(portrait(0))));
    let frame = |b: &Bench| {
        let app = App { area: Rect::new(0, 0, 120, 40), ..b.app.clone() };
        let mut buf = Buffer::empty(app.area);
        (view::draw(&app, &mut buf), buf)
    };
    let plain = frame(&b);
    assert!(plain.0.is_empty(), "half blocks are all there is");
    b.app.theme.images = Protocol::Kitty;
    let (shown, buf) = frame(&b);
    assert_eq!(buf, plain.1, "what is drawn is the same");
    // The image, its scores, three neighbours and two negatives; all of different images.
    assert_eq!(shown.len(), 7);
    let pixels: Vec<u8> = (0..16).flat_map(|i| [(i * 7) as u8; 3]).collect();
    assert_eq!((shown[0].width, &shown[0].rgb), (4, &pixels));
    for (i, picture) in shown.iter().enumerate() {
        assert!(picture.is_uncovered(&buf));
        assert!(shown[..i].iter().all(|other| !other.area.intersects(picture.area)), "{:?}", picture.area);
    }
    for key in ["?", ":", "q", "r"] {
        let mut b = Bench { app: b.app.clone(), ..open() };
        b.type_text(key);
        assert!(frame(&b).0.is_empty(), "{key} closes it, and no picture stays");
    }
}

#[test]
fn the_keys_pick_another_image_and_close() {
    let mut b = open();
    b.publish(|s| s.portrait = Some(Arc::new(portrait(0))));
    for (key, picked) in [(KeyCode::Right, 1), (KeyCode::Down, 11), (KeyCode::Left, 10), (KeyCode::Up, 0), (KeyCode::End, 11)] {
        b.key(key);
        let told = b.told();
        assert!(matches!(told[..], [Command::Watch(Watched::Portrait { picked: p })] if p == picked), "{key:?}: {told:?}");
    }
    b.key(KeyCode::Right);
    assert!(b.told().is_empty(), "there is no further image");
    b.type_text("r");
    assert!(matches!(b.told()[..], [Command::Watch(Watched::Nothing)]));
    assert!(!b.screen(80, 24).contains("▸ Representation"));
}

#[test]
fn without_a_local_term_or_an_encoder_it_says_so() {
    let mut b = open();
    b.publish(|s| s.portrait = Some(Arc::new(Portrait { local: None, ..portrait(0) })));
    assert!(b.screen(120, 40).contains("no local term"));
    let mut b = Bench::with(Config::default().with(&[("data.name".into(), "gaussian".into())]).unwrap());
    b.type_text("r");
    assert!(b.told().is_empty() && b.screen(80, 24).contains("trains no encoder"));
}
