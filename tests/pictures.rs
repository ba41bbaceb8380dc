//! Real pictures in terminals that show them, in a real pseudo-terminal: a fake one answers, or does not.

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    thread,
    time::Duration,
};

use common::{Kind, Screen, rows, sets};

/// A terminal with kitty's protocol, in which someone has typed `r` before it came to answer.
const KITTY: &str = "r\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;22c";

fn open(kind: Kind, more: &[&str]) -> (Screen, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let mut args = vec!["--out".to_owned(), dir.path().join("run").display().to_string()];
    args.extend(sets(&["optim.steps=100000", "probe.every=0"]));
    args.extend(more.iter().map(|s| (*s).to_owned()));
    let screen = Screen::open_in(kind, 120, 40, dir.path(), &args);
    (screen, dir)
}

/// Opens the view in a terminal that answers, with `r`, and waits for what a picture begins with. The program waits for answers for a tenth
/// of a second, which a busy machine may need for giving them: then once more.
fn open_answered(kind: Kind, more: &[&str], begins: &str) -> (Screen, tempfile::TempDir) {
    for _ in 0..5 {
        let (screen, dir) = open(kind, more);
        screen.until("half blocks", |screen| screen.matches('▀').count() > 64);
        thread::sleep(Duration::from_millis(300));
        if String::from_utf8_lossy(&screen.sent()).contains(begins) {
            return (screen, dir);
        }
    }
    panic!("nothing begins with {begins:?}");
}

/// What a terminal with kitty's protocol has after these bytes.
#[derive(Default, Debug)]
struct Pictures {
    /// Bytes of base64 and size by id.
    images: BTreeMap<u32, (usize, usize, usize)>,
    /// Id and placement, with columns and rows.
    places: BTreeMap<(u32, u32), (usize, usize)>,
    commands: usize,
}

fn pictures(sent: &[u8]) -> Pictures {
    let text = String::from_utf8_lossy(sent);
    let mut found = Pictures::default();
    let mut open = 0;
    for command in text.split("\x1b_G").skip(1).filter_map(|rest| rest.split_once("\x1b\\")).map(|(command, _)| command) {
        let (control, payload) = command.split_once(';').unwrap_or((command, ""));
        let keys: BTreeMap<&str, &str> = control.split(',').filter_map(|pair| pair.split_once('=')).collect();
        let number = |key: &str| keys[key].parse::<usize>().unwrap();
        let id = || number("i") as u32;
        match keys.get("a") {
            Some(&"q") => continue,
            Some(&"t") => {
                open = id();
                found.images.insert(open, (number("s"), number("v"), payload.len()));
            }
            Some(&"p") => {
                assert!(found.images.contains_key(&id()), "{control}");
                found.places.insert((id(), number("p") as u32), (number("c"), number("r")));
            }
            Some(&"d") if keys["d"] == "i" => {
                found.places.remove(&(id(), number("p") as u32));
            }
            Some(&"d") => {
                found.images.remove(&id());
                found.places.retain(|(i, _), _| *i != id());
            }
            _ => found.images.get_mut(&open).expect("a chunk of something").2 += payload.len(),
        }
        found.commands += 1;
    }
    found
}

/// Waits for pictures that satisfy `wanted`.
fn until(screen: &Screen, what: &str, wanted: impl Fn(&Pictures) -> bool) -> Pictures {
    screen.until(what, |_| wanted(&pictures(&screen.sent())));
    pictures(&screen.sent())
}

#[test]
fn pictures_come_with_the_view_and_go_with_it() {
    // It is opened by the `r` that was typed while the terminal was asked.
    let (mut screen, _dir) = open_answered(Kind { answer: KITTY, ..Kind::default() }, &[], "\x1b_Ga=p");
    let there = |p: &Pictures| p.places.len() > 8;
    let seen = until(&screen, "pictures", there);
    assert!(seen.places.values().any(|size| *size == (8, 4)), "small ones: {seen:?}");
    // 32 × 32 pixels of three bytes, four characters for three bytes.
    assert!(seen.images.values().all(|image| *image == (32, 32, 4096)), "{seen:?}");
    let covers: BTreeSet<_> = seen.places.values().collect();
    assert!(covers.len() == 2, "the large ones and the small ones: {covers:?}");

    // Training stands still, so nothing changes, though keys and time go by.
    screen.send(" ");
    screen.shows("paused");
    thread::sleep(Duration::from_millis(500));
    let before = (pictures(&screen.sent()).commands, screen.sent().len());
    for _ in 0..5 {
        screen.send("y");
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(pictures(&screen.sent()).commands, before.0, "nothing is sent twice");
    assert!(screen.sent().len() - before.1 < 5000, "nor are the cells: {} bytes", screen.sent().len() - before.1);

    screen.send("r");
    until(&screen, "no pictures", |p| p.places.is_empty());
    screen.send("r");
    until(&screen, "pictures again", there);
    // The help lies over them.
    screen.send("?");
    until(&screen, "no pictures under the help", |p| p.places.is_empty());
    screen.send("q");
    screen.send("r");
    let count = until(&screen, "pictures again", there).commands;
    screen.send("\x0c");
    let drawn = until(&screen, "all drawn anew", |p| there(p) && p.commands > count + 16);
    screen.resize(140, 44);
    until(&screen, "pictures on another screen", |p| there(p) && p.commands > drawn.commands + 16);

    screen.send("\x1a");
    until(&screen, "nothing left behind while suspended", |p| p.images.is_empty());
    screen.until("the ordinary screen", |_| !screen.alternate_screen());
    screen.signal("-CONT");
    until(&screen, "pictures after fg", there);
    screen.signal("-TERM");
    assert_eq!(screen.exit_code(), 143);
    let left = until(&screen, "nothing left behind", |p| p.images.is_empty());
    assert!(left.places.is_empty(), "{left:?}");
}

#[test]
fn half_blocks_where_nobody_answers_and_no_key_is_lost() {
    // "answers" with a key only.
    let (mut screen, _dir) = open(Kind { answer: "r", ..Kind::default() }, &[]);
    screen.shows("▸ Representation");
    screen.until("half blocks", |screen| screen.matches('▀').count() > 64);
    screen.send("r");
    screen.until("the charts", |screen| screen.contains("▸ Train"));
    let text = String::from_utf8_lossy(&screen.sent()).into_owned();
    assert_eq!(text.matches("\x1b_G").count(), 1, "the question, and no picture");
    assert_eq!(text.matches("\x1b_Gi=31").count(), 1);
}

#[test]
fn an_answer_that_comes_too_late_is_no_row_of_keys() {
    let answer = "\x1b_Gi=31;OK\x1b\\\x1b[6;20;10t\x1b[?62;22c";
    let (mut screen, dir) = open(Kind { answer, after: Duration::from_millis(700), ..Kind::default() }, &[]);
    screen.shows("dim-tui");
    thread::sleep(Duration::from_millis(1200));
    screen.send("r");
    screen.shows("▸ Representation");
    screen.until("half blocks", |screen| screen.matches('▀').count() > 64);
    let journal = rows(&dir.path().join("run/journal.jsonl"));
    assert!(journal.iter().all(|row| row["kind"] != "change"), "its letters changed something: {journal:?}");
    assert!(pictures(&screen.sent()).images.is_empty());
}

#[test]
fn nothing_is_asked_where_pictures_cannot_be() {
    for (env, more) in [
        (&[("TMUX", "/tmp/tmux-0/default,1,0")] as &'static [(&'static str, &'static str)], &[] as &[&str]),
        (&[("NO_COLOR", "1")], &[]),
        (&[], &["--images", "halfblocks"]),
        (&[("NO_COLOR", "1")], &["--images", "kitty"]),
    ] {
        let (mut screen, _dir) = open(Kind { env, answer: KITTY, ..Kind::default() }, more);
        screen.shows("dim-tui");
        screen.send("r");
        screen.shows("principal components");
        let text = String::from_utf8_lossy(&screen.sent()).into_owned();
        assert!(!text.contains("\x1b_G") && !text.contains("\x1b[c"), "{env:?} {more:?}");
    }
}

#[test]
fn a_protocol_that_is_named_is_used_unasked() {
    for (protocol, begins) in [("kitty", "\x1b_Ga=t"), ("iterm2", "\x1b]1337;File=inline=1")] {
        let (mut screen, _dir) = open(Kind::default(), &["--images", protocol]);
        screen.shows("dim-tui");
        screen.send("r");
        screen.until("pictures", |_| String::from_utf8_lossy(&screen.sent()).contains(begins));
        assert!(!String::from_utf8_lossy(&screen.sent()).contains("\x1b[c"));
    }
    // A small picture is 8 × 4 characters.
    let kind = Kind { answer: "r\x1b[6;20;10t\x1b[?62;4c", ..Kind::default() };
    open_answered(kind, &["--images", "sixel"], "\x1bP0;1;0q\"1;1;80;80");
    open_answered(kind, &[], "\x1bP0;1;0q\"1;1;80;80");
    let (screen, _dir) = open(Kind::default(), &["--images", "sixel"]);
    screen.shows("how many pixels a character has");
}
