//! The bytes against terminals made from the published descriptions: what they would show is what was to be shown.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine, engine::general_purpose::STANDARD};
use ratatui::{
    buffer::{Buffer, CellDiffOption},
    layout::Rect,
};

use super::{Format, HALF_BLOCK, Heard, Images, Painter, Picture, Protocol, hear, iterm2::Iterm2, sixel::Sixel};

/// A picture whose every pixel follows from `seed` and its place.
fn picture(area: Rect, width: usize, height: usize, seed: usize) -> Picture {
    let rgb = (0..3 * width * height).map(|i| (i * 31 + seed * 101) as u8).collect();
    Picture { area, width, height, rgb }
}

/// A terminal with kitty's protocol, as strict as its description.
#[derive(Default)]
struct Kitty {
    cursor: (u16, u16),
    /// Width, height and pixels by id.
    images: BTreeMap<u32, (usize, usize, Vec<u8>)>,
    /// Row, column, columns, rows by id and placement.
    places: BTreeMap<(u32, u32), [u16; 4]>,
    /// What has begun and wants more.
    open: Option<(BTreeMap<String, String>, String)>,
    transmitted: usize,
}

impl Kitty {
    fn take(&mut self, bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).unwrap();
        let mut rest = text;
        while !rest.is_empty() {
            rest = if let Some(after) = rest.strip_prefix("\x1b_G") {
                let (sequence, after) = after.split_once("\x1b\\").expect("a command has an end");
                self.command(sequence);
                after
            } else {
                let after = rest.strip_prefix("\x1b[").expect("nothing but commands and moves");
                let (place, after) = after.split_once('H').unwrap();
                let (row, column) = place.split_once(';').unwrap();
                self.cursor = (row.parse().unwrap(), column.parse().unwrap());
                after
            };
        }
        assert!(self.open.is_none(), "an image was left half sent");
    }

    fn command(&mut self, sequence: &str) {
        let (control, payload) = sequence.split_once(';').unwrap_or((sequence, ""));
        let keys: BTreeMap<String, String> =
            control.split(',').map(|pair| pair.split_once('=').unwrap()).map(|(k, v)| (k.into(), v.into())).collect();
        assert!(payload.len() <= 4096, "a chunk has at most 4096 characters");
        assert_eq!(keys["q"], "2", "an answer would be read as keys");
        if let Some((first, text)) = &mut self.open {
            assert!(keys.keys().all(|k| k == "m" || k == "q"), "a further chunk has no keys of its own: {control}");
            text.push_str(payload);
            if keys["m"] == "0" {
                let (first, text) = (first.clone(), text.clone());
                self.open = None;
                self.transmit(&first, &text);
            } else {
                assert_eq!(payload.len() % 4, 0, "all chunks but the last are whole groups of four");
            }
            return;
        }
        let number = |key: &str| keys[key].parse::<u32>().unwrap();
        match keys["a"].as_str() {
            "t" if keys["m"] == "1" => self.open = Some((keys, payload.into())),
            "t" => self.transmit(&keys, payload),
            "p" => {
                assert!(self.images.contains_key(&number("i")), "only what was sent can be shown");
                assert_eq!(keys["C"], "1", "the cursor stays");
                let (columns, rows) = (number("c") as u16, number("r") as u16);
                self.places.insert((number("i"), number("p")), [self.cursor.0, self.cursor.1, columns, rows]);
            }
            "d" if keys["d"] == "i" => {
                assert!(self.places.remove(&(number("i"), number("p"))).is_some(), "only what is shown can be hidden");
            }
            "d" if keys["d"] == "I" => {
                assert!(self.images.remove(&number("i")).is_some());
                self.places.retain(|(i, _), _| *i != number("i"));
            }
            other => panic!("unknown action {other}"),
        }
    }

    fn transmit(&mut self, keys: &BTreeMap<String, String>, payload: &str) {
        let number = |key: &str| keys[key].parse::<u32>().unwrap();
        assert_eq!((number("f"), keys["t"].as_str()), (24, "d"));
        let pixels = STANDARD.decode(payload).unwrap();
        let (width, height) = (number("s") as usize, number("v") as usize);
        assert_eq!(pixels.len(), 3 * width * height);
        assert!((1..=u32::MAX).contains(&number("i")));
        self.places.retain(|(i, _), _| *i != number("i"));
        self.images.insert(number("i"), (width, height, pixels));
        self.transmitted += 1;
    }

    /// Everything on the screen.
    fn shows(&self) -> BTreeSet<([u16; 4], Vec<u8>)> {
        self.places.iter().map(|((i, _), place)| (*place, self.images[i].2.clone())).collect()
    }
}

fn wanted(pictures: &[Picture]) -> BTreeSet<([u16; 4], Vec<u8>)> {
    let place = |a: Rect| [a.y + 1, a.x + 1, a.width, a.height];
    pictures.iter().map(|p| (place(p.area), p.rgb.clone())).collect()
}

fn screen() -> Buffer {
    Buffer::empty(Rect::new(0, 0, 80, 24))
}

#[test]
fn kitty_shows_what_each_frame_wants_and_is_sent_nothing_twice() {
    let (left, right) = (Rect::new(2, 3, 8, 4), Rect::new(11, 3, 8, 4));
    // 32 × 32 is one chunk to the byte, 96 × 96 is nine; the second picture is on the screen twice.
    let (a, b, c) = (picture(left, 32, 32, 1), picture(right, 96, 96, 2), picture(left, 33, 5, 3));
    let twice = Picture { area: Rect::new(20, 3, 8, 4), ..b.clone() };
    let mut painter = Painter::new(Protocol::Kitty, || None);
    let mut terminal = Kitty::default();
    let frames: [(&[Picture], usize); 8] = [
        (&[], 0),
        (&[a.clone(), b.clone(), twice.clone()], 2),
        (&[twice.clone(), a.clone(), b.clone()], 2),
        (&[c.clone(), twice.clone()], 3),
        (&[a.clone(), b.clone()], 3),
        (&[], 3),
        (std::slice::from_ref(&a), 3),
        (&[a.clone(), c.clone()], 3),
    ];
    let mut before = BTreeSet::new();
    for (i, (pictures, transmitted)) in frames.into_iter().enumerate() {
        let bytes = painter.frame(pictures.to_vec(), &mut screen());
        terminal.take(&bytes);
        let now = wanted(pictures);
        assert_eq!(terminal.shows(), now, "frame {i}");
        assert_eq!(terminal.transmitted, transmitted, "pixels sent up to frame {i}");
        assert_eq!(bytes.is_empty(), now == before, "frame {i} has {} bytes", bytes.len());
        before = now;
    }
    let mut off = Vec::new();
    painter.off(&mut off);
    terminal.take(&off);
    assert!(terminal.images.is_empty() && terminal.places.is_empty(), "nothing is left behind");
}

#[test]
fn a_thousand_images_do_not_fill_the_terminal() {
    let mut painter = Painter::new(Protocol::Kitty, || None);
    let mut terminal = Kitty::default();
    let fixed = picture(Rect::new(40, 0, 4, 2), 2, 2, 0);
    for seed in 0..1000 {
        let mut changing = picture(Rect::new(0, 0, 4, 2), 2, 2, 0);
        changing.rgb[..2].copy_from_slice(&[(seed % 256) as u8, (seed / 256) as u8 + 1]);
        let frame = [fixed.clone(), changing];
        terminal.take(&painter.frame(frame.to_vec(), &mut screen()));
        assert_eq!(terminal.shows(), wanted(&frame));
    }
    assert!(terminal.images.len() <= 256, "{}", terminal.images.len());
}

#[test]
fn another_size_or_a_cleared_screen_sends_all_anew() {
    let a = picture(Rect::new(2, 3, 8, 4), 32, 32, 1);
    let mut painter = Painter::new(Protocol::Kitty, || None);
    let mut terminal = Kitty::default();
    terminal.take(&painter.frame(vec![a.clone()], &mut screen()));
    for clear in [false, true] {
        let mut buf = screen();
        if clear {
            let mut off = Vec::new();
            painter.forget(&mut off);
            terminal.take(&off);
            assert!(terminal.images.is_empty());
        } else {
            buf = Buffer::empty(Rect::new(0, 0, 100, 30));
        }
        // A terminal may have lost everything by itself.
        let bytes = painter.frame(vec![a.clone()], &mut buf);
        assert!(String::from_utf8_lossy(&bytes).contains("a=t"), "the pixels are sent again");
        terminal.take(&bytes);
        assert_eq!(terminal.shows(), wanted(std::slice::from_ref(&a)));
        painter.frame(vec![a.clone()], &mut screen());
    }
}

#[test]
fn the_cells_of_a_picture_that_goes_are_drawn_once_more() {
    let area = Rect::new(2, 3, 8, 4);
    let mut painter = Painter::new(Protocol::Iterm2, || None);
    let marked = |buf: &Buffer| {
        let cells = buf.area.positions().filter(|at| buf[*at].diff_option == CellDiffOption::AlwaysUpdate);
        cells.collect::<Vec<_>>()
    };
    let mut buf = screen();
    let first = painter.frame(vec![picture(area, 4, 4, 1)], &mut buf);
    assert!(!first.is_empty() && marked(&buf).is_empty());
    assert_eq!(painter.frame(vec![picture(area, 4, 4, 1)], &mut buf), Vec::<u8>::new());
    assert!(marked(&buf).is_empty());
    painter.frame(Vec::new(), &mut buf);
    assert_eq!(marked(&buf), area.positions().collect::<Vec<_>>());
    let mut buf = screen();
    painter.frame(Vec::new(), &mut buf);
    assert!(marked(&buf).is_empty(), "only once");
}

#[test]
fn half_blocks_and_sixel_without_a_size_send_nothing() {
    for protocol in [Protocol::HalfBlocks, Protocol::Sixel] {
        let mut painter = Painter::new(protocol, || None);
        assert!(painter.frame(vec![picture(Rect::new(0, 0, 4, 2), 4, 4, 1)], &mut screen()).is_empty());
    }
}

#[test]
fn what_is_drawn_over_a_picture_covers_it() {
    let a = picture(Rect::new(2, 3, 8, 4), 4, 4, 1);
    let mut buf = screen();
    assert!(!a.is_uncovered(&buf));
    for at in a.area.positions() {
        buf[at].set_symbol(HALF_BLOCK);
    }
    assert!(a.is_uncovered(&buf));
    buf[(9, 6)].set_symbol("│");
    assert!(!a.is_uncovered(&buf));
    assert!(!picture(Rect::new(76, 20, 8, 4), 4, 4, 1).is_uncovered(&buf), "it must lie on the screen as a whole");
}

#[test]
fn iterm2_gets_a_png_of_the_same_pixels() {
    let a = picture(Rect::new(2, 3, 8, 4), 7, 5, 9);
    let mut out = Vec::new();
    Iterm2.show(&a, 1, &mut out);
    let text = String::from_utf8(out).unwrap();
    let body = text.strip_prefix("\x1b]1337;File=").and_then(|t| t.strip_suffix('\x07')).expect("one whole sequence");
    let (head, payload) = body.split_once(':').unwrap();
    let png = STANDARD.decode(payload).unwrap();
    for argument in ["inline=1", "width=8", "height=4", "preserveAspectRatio=0", &format!("size={}", png.len())] {
        assert!(head.split(';').any(|a| a == argument), "no {argument} in {head}");
    }
    let decoded = image::load_from_memory(&png).unwrap().to_rgb8();
    assert_eq!((decoded.dimensions(), decoded.into_raw()), ((7, 5), a.rgb));
}

/// Width, height, and red, green, blue of each pixel in percent.
fn sixels(bytes: &[u8]) -> (usize, usize, Vec<Option<[u32; 3]>>) {
    let text = std::str::from_utf8(bytes).unwrap();
    let body = text.strip_prefix("\x1bP0;1;0q\"1;1;").and_then(|t| t.strip_suffix("\x1b\\")).expect("one whole sequence");
    let number = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        (text[..end].parse::<u32>().unwrap(), end)
    };
    let (width, used) = number(body);
    let (height, more) = number(&body[used + 1..]);
    let mut rest = &body[used + 1 + more..];
    let (width, height) = (width as usize, height as usize);
    let (mut pixels, mut palette) = (vec![None; width * height], BTreeMap::new());
    let (mut x, mut band, mut colour, mut repeat) = (0, 0, 0, 1);
    while let Some(c) = rest.chars().next() {
        rest = &rest[1..];
        match c {
            '#' => {
                let numbers: Vec<u32> = {
                    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';').unwrap_or(rest.len());
                    let all = rest[..end].split(';').map(|n| n.parse().unwrap()).collect();
                    rest = &rest[end..];
                    all
                };
                colour = numbers[0];
                if let [_, 2, r, g, b] = numbers[..] {
                    palette.insert(colour, [r, g, b]);
                }
                assert!(colour < 256 && palette.contains_key(&colour));
            }
            '!' => {
                let (n, used) = number(rest);
                repeat = n;
                rest = &rest[used..];
            }
            '$' => x = 0,
            '-' => (x, band) = (0, band + 1),
            '?'..='~' => {
                for _ in 0..std::mem::replace(&mut repeat, 1) {
                    for y in (0..6).filter(|y| ((c as u8 - b'?') >> y) & 1 == 1) {
                        assert!(x < width && 6 * band + y < height, "a pixel beside the picture");
                        pixels[(6 * band + y) * width + x] = Some(palette[&colour]);
                    }
                    x += 1;
                }
            }
            other => panic!("'{other}' is no sixel"),
        }
    }
    (width, height, pixels)
}

#[test]
fn sixel_fills_the_cells_with_the_colours_of_the_picture() {
    // Corners of the cube are in every palette: two by two pixels on 3 × 2 cells of 7 × 11.
    let corners = [[255u8, 0, 0], [0, 255, 255], [0, 0, 0], [255, 255, 255]];
    let area = Rect::new(0, 0, 3, 2);
    let mut out = Vec::new();
    Sixel { cell: (7, 11) }.show(&Picture { area, width: 2, height: 2, rgb: corners.concat() }, 1, &mut out);
    let (width, height, pixels) = sixels(&out);
    assert_eq!((width, height), (21, 22));
    for (at, found) in pixels.iter().enumerate() {
        let (column, row) = (at % 21 * 2 / 21, at / 21 * 2 / 22);
        assert_eq!(*found, Some(corners[2 * row + column].map(|v| u32::from(v) * 100 / 255)), "pixel {at}");
    }
    // A grey between the levels is that grey on average.
    let mut out = Vec::new();
    Sixel { cell: (8, 16) }.show(&Picture { area, width: 1, height: 1, rgb: vec![100, 140, 200] }, 1, &mut out);
    let (_, _, pixels) = sixels(&out);
    for (channel, value) in [100.0, 140.0, 200.0].into_iter().enumerate() {
        let mean = pixels.iter().map(|p| f64::from(p.unwrap()[channel])).sum::<f64>() / pixels.len() as f64;
        assert!((mean - value / 2.55).abs() < 1.5, "channel {channel}: {mean} %");
    }
}

#[test]
fn answers_are_told_from_keys() {
    let heard = hear(b"r\x1b_Gi=31;OK\x1b\\\x1b[A\x1b[6;20;10tG\x1b[?62;4;22cq");
    assert!(heard.kitty && heard.sixel && heard.complete && !heard.cut_off);
    assert_eq!((heard.cell, heard.typed), (Some((10, 20)), b"r\x1b[AGq".to_vec()));
    let heard = hear(b"\x1b[?64;14;42c");
    assert!(heard.complete && !heard.kitty && !heard.sixel, "14 and 42 are not 4");
    assert!(!hear(b"\x1b_Gi=31;EINVAL:no\x1b\\").kitty);
    for begun in ["\x1b_", "\x1b_Gi=3", "\x1b[6;2", "\x1b[?62;"] {
        let heard = hear(format!("r{begun}").as_bytes());
        assert!(heard.cut_off && !heard.complete && heard.typed == b"r", "{begun:?}: {heard:?}");
    }
    assert_eq!(hear(b"\x1b").typed, b"\x1b", "Escape");
    assert_eq!(hear(b""), Heard::default());
}

#[test]
fn the_best_that_is_sure_is_chosen() {
    let env = |set: &'static [(&'static str, &'static str)]| {
        move |name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())
    };
    let plain = env(&[("TERM", "xterm-256color")]);
    for (set, asks) in [
        (&[("TERM", "xterm-kitty")] as &'static [_], true),
        (&[("TERM", "tmux-256color")], false),
        (&[("TERM", "screen")], false),
        (&[("TERM", "xterm-256color"), ("TMUX", "/tmp/x")], false),
        (&[("TERM", "xterm-256color"), ("STY", "1.pts")], false),
        (&[("TERM", "dumb")], false),
        (&[], false),
    ] {
        assert_eq!(Images::Auto.asks(true, None, &env(set)), asks, "{set:?}");
    }
    assert!(!Images::Auto.asks(false, None, &plain), "no colour, no question");
    let sixel = Images::Always(Protocol::Sixel);
    assert!(sixel.asks(true, None, &plain) && !sixel.asks(true, Some((8, 16)), &plain));
    assert!(!Images::Always(Protocol::Kitty).asks(true, None, &plain));

    let all = Heard { kitty: true, sixel: true, cell: Some((8, 16)), complete: true, ..Heard::default() };
    let auto = |heard: &Heard, env: &dyn Fn(&str) -> Option<String>| Images::Auto.settle(true, None, heard, env);
    assert_eq!(auto(&all, &plain), Protocol::Kitty);
    assert_eq!(auto(&all, &env(&[("TERM_PROGRAM", "iTerm.app")])), Protocol::Iterm2);
    assert_eq!(auto(&Heard { kitty: false, ..all.clone() }, &plain), Protocol::Sixel);
    assert_eq!(auto(&Heard { kitty: false, cell: None, ..all.clone() }, &plain), Protocol::HalfBlocks);
    assert_eq!(auto(&Heard { complete: false, ..all.clone() }, &plain), Protocol::HalfBlocks);
    assert_eq!(auto(&Heard::default(), &env(&[("TERM_PROGRAM", "iTerm.app")])), Protocol::HalfBlocks);
    let nothing = Heard::default();
    assert_eq!(Images::Always(Protocol::Kitty).settle(true, None, &nothing, &plain), Protocol::Kitty);
    assert_eq!(Images::Always(Protocol::Kitty).settle(false, None, &nothing, &plain), Protocol::HalfBlocks);
    assert_eq!(sixel.settle(true, None, &nothing, &plain), Protocol::HalfBlocks);
}
