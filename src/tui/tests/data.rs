//! The data view.

use std::sync::Arc;

use crossterm::event::KeyCode;
use ratatui::{buffer::Buffer, layout::Rect};

use super::{Bench, row};
use crate::{
    config::Config,
    train::{Command, FactorValue, Gallery, Pictures, Split, Wanted, Watched},
    tui::{
        app::{App, Mode},
        graphics::Protocol,
        message::Message,
        view,
    },
};

const SIZES: [(u16, u16); 4] = [(200, 60), (120, 40), (80, 24), (60, 20)];

fn pictures(n: usize, labelled: bool) -> Arc<Pictures> {
    Arc::new(Pictures {
        channels: 1,
        height: 4,
        width: 4,
        pixels: (0..n * 16).map(|i| (i * 7 % 256) as u8).collect(),
        labels: if labelled { (0..n).map(|i| i % 3).collect() } else { Vec::new() },
        classes: ["square", "disk", "star"].map(String::from).into(),
    })
}

/// Image 5 of 8,192, of which the first 128 are there.
fn gallery() -> Gallery {
    let factor = |name, text: &str, share| FactorValue { name, text: text.into(), share };
    Gallery {
        split: Split::Training,
        total: 8192,
        first: 0,
        pictures: pictures(128, true),
        picked: 4,
        whole: pictures(2, true),
        factors: vec![
            factor("class", "square", None),
            factor("hue", "0.310", Some(0.31)),
            factor("rotation", "-29.9", Some(0.0)),
        ],
        steps: (121..=126).collect(),
        augmented: Some(pictures(6, true)),
        counts: vec![("square".into(), 2731), ("disk".into(), 2731), ("star".into(), 2730)],
    }
}

/// The same with other places, which may not fit together.
pub(super) fn gallery_at(first: usize, picked: usize) -> Gallery {
    Gallery { first, picked, ..gallery() }
}

fn open() -> Bench {
    let mut b = Bench::new();
    b.send(Message::Resize(120, 40));
    b.type_text("D");
    assert!(matches!(b.told()[..], [Command::Watch(Watched::Data(Wanted { split: Split::Training, first: 0, picked: 0 }))]));
    b
}

#[test]
fn it_shows_images_factors_augmentation_and_classes_at_every_size() {
    let mut b = open();
    assert!(b.screen(80, 24).contains("on their way"));
    b.publish(|s| s.gallery = Some(Arc::new(gallery())));
    for (width, height) in SIZES {
        let screen = b.screen(width, height);
        for part in ["Data · shapes · training image 5 of 8,192", "▸disk", "star", "hue", "0.310", "augmented, steps 121–12"]
        {
            assert!(screen.contains(part), "no '{part}' at {width}×{height} in\n{screen}");
        }
    }
    let screen = b.screen(120, 40);
    for part in ["images by class", "square 2,731 · disk 2,731", "Tab train/test", "steps 121–124"] {
        assert!(screen.contains(part), "no '{part}' in\n{screen}");
    }
    // The mark stands where in its range the value lies: at the very left for the least.
    assert!(row(&screen, "rotation").contains("-29.9    ●─"), "{screen}");
}

#[test]
fn the_keys_page_through_the_split_and_change_it() {
    let mut b = open();
    b.publish(|s| s.gallery = Some(Arc::new(gallery())));
    let (columns, rows) = view::data::grid(&b.app);
    let page = columns * rows;
    let expect = |b: &mut Bench, code: KeyCode, wanted: (usize, usize)| {
        b.key(code);
        let told = b.told();
        let right = matches!(told[..], [Command::Watch(Watched::Data(w))] if (w.first, w.picked) == wanted);
        assert!(right, "{code:?}: {told:?}, not {wanted:?}");
    };
    expect(&mut b, KeyCode::Right, (0, 1));
    expect(&mut b, KeyCode::Down, (0, 1 + columns));
    expect(&mut b, KeyCode::PageDown, (page, 1 + columns + page));
    expect(&mut b, KeyCode::Up, (page, 1 + page));
    expect(&mut b, KeyCode::End, (8191 / page * page, 8191));
    b.key(KeyCode::Right);
    assert!(b.told().is_empty(), "there is no further image");
    expect(&mut b, KeyCode::Home, (0, 0));
    b.key(KeyCode::Tab);
    assert!(matches!(b.told()[..], [Command::Watch(Watched::Data(Wanted { split: Split::Test, picked: 0, .. }))]));
    b.type_text("D");
    assert!(matches!(b.told()[..], [Command::Watch(Watched::Nothing)]));
    assert!(!b.screen(80, 24).contains("Data ·"));
}

#[test]
fn what_is_not_there_is_said() {
    let mut b = open();
    b.publish(|s| s.gallery = Some(Arc::new(Gallery { augmented: None, steps: Vec::new(), ..gallery() })));
    assert!(b.screen(120, 40).contains("augmentation is off"));
    b.publish(|s| s.gallery = Some(Arc::new(Gallery { split: Split::Test, augmented: None, steps: Vec::new(), ..gallery() })));
    let screen = b.screen(120, 40);
    assert!(screen.contains("held-out image 5") && screen.contains("never augmented"), "{screen}");
    let bare = Gallery {
        pictures: pictures(128, false),
        whole: pictures(1, false),
        factors: Vec::new(),
        counts: Vec::new(),
        ..gallery()
    };
    b.publish(|s| s.gallery = Some(Arc::new(bare)));
    let screen = b.screen(120, 40);
    assert!(screen.contains("no label") && screen.contains("▸5") && !screen.contains("by class"), "{screen}");
    let mut b = Bench::with(Config::default().with(&[("data.name".into(), "gaussian".into())]).unwrap());
    b.type_text("D");
    assert!(b.told().is_empty() && b.screen(80, 24).contains("there are no images"));
}

#[test]
fn real_pictures_lie_apart_from_each_other_and_are_those_of_the_data() {
    let mut b = open();
    b.publish(|s| s.gallery = Some(Arc::new(gallery())));
    b.app.theme.images = Protocol::Kitty;
    for (width, height) in SIZES {
        let app = App { area: Rect::new(0, 0, width, height), ..b.app.clone() };
        let mut buf = Buffer::empty(app.area);
        let shown = view::draw(&app, &mut buf);
        assert!(shown.len() > 6, "{width}×{height}: {}", shown.len());
        for (i, picture) in shown.iter().enumerate() {
            assert!(picture.is_uncovered(&buf), "{:?} at {width}×{height}", picture.area);
            assert!(shown[..i].iter().all(|other| !other.area.intersects(picture.area)), "{:?}", picture.area);
        }
    }
    let first: Vec<u8> = (0..16).flat_map(|i| [(i * 7) as u8; 3]).collect();
    let mut buf = Buffer::empty(Rect::new(0, 0, 120, 40));
    let app = App { area: buf.area, ..b.app.clone() };
    assert_eq!(view::draw(&app, &mut buf)[0].rgb, first);
}

#[test]
fn a_click_picks_the_picture_that_is_drawn_there_and_the_wheel_turns_the_page() {
    for (width, height) in SIZES {
        let mut b = open();
        b.publish(|s| s.gallery = Some(Arc::new(gallery())));
        b.send(Message::Resize(width, height));
        b.told();
        let (columns, rows) = view::data::grid(&b.app);
        let page = columns * rows;
        let asked = |b: &Bench| match b.told()[..] {
            [] => None,
            [Command::Watch(Watched::Data(w))] => Some((w.first, w.picked)),
            ref other => panic!("{other:?}"),
        };
        // Where the pictures themselves are: each has its name below it.
        b.app.theme.images = Protocol::Kitty;
        let drawn = view::draw(&b.app, &mut Buffer::empty(b.app.area));
        let first = gallery().picked / page * page;
        for at in [1, columns.min(page - 1), page - 1] {
            let spot = drawn[at].area;
            for place in [(spot.x, spot.y), (spot.right() - 1, spot.bottom())] {
                b.click((0, 0));
                b.click(place);
                let Mode::Data(wanted) = b.app.mode else { panic!("still open") };
                assert_eq!(wanted.picked, first + at, "{place:?} at {width}×{height}");
            }
        }
        b.told();
        let gap = drawn[1].area.x - 1;
        b.click((gap, drawn[1].area.y));
        assert_eq!(asked(&b), None, "between two pictures there is none");
        b.click((drawn[0].area.x, drawn[0].area.y));
        b.told();
        b.wheel(false, (2, 10));
        assert_eq!(asked(&b), Some((first + page, first + page)));
        b.wheel(true, (2, 10));
        assert_eq!(asked(&b), Some((first, first)));
        // Those of the other half are still on the screen: a click on them is no answer to what was asked.
        b.key(KeyCode::Tab);
        b.told();
        b.click((drawn[1].area.x, drawn[1].area.y));
        assert_eq!(asked(&b), None);
    }
}
