//! How the workbench behaves in a real pseudo-terminal towards its surroundings: job control, sizes, signals, the mouse, the window's
//! title, the number of colours, and the user's own file.

mod common;

use std::{fs, path::Path, thread::sleep, time::Duration};

use common::{Kind, Screen, journal_row, sets};

fn open_in(kind: Kind, dir: &Path, more: &[&str]) -> Screen {
    let args = ["--threads", "2", "--out", "run"].map(String::from).into_iter().chain(sets(more));
    Screen::open_in(kind, 120, 40, dir, &args.collect::<Vec<_>>())
}

fn open(dir: &Path) -> Screen {
    let screen = open_in(Kind::default(), dir, &["optim.steps=1000000"]);
    screen.shows("TRAINING");
    screen
}

/// The state of a process, as `ps` says it: `T` is stopped.
fn state(pid: u32) -> char {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().and_then(|rest| rest.chars().next()).unwrap_or('?')
}

fn stopped(screen: &Screen) {
    let pid = screen.pid();
    screen.until("the process stopped", |_| state(pid) == 'T');
    screen.until("the terminal as it was", |_| screen.is_as_found());
}

#[cfg(target_os = "linux")]
#[test]
fn ctrl_z_gives_the_terminal_back_and_fg_takes_it_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut screen = open(dir.path());
    for by_key in [true, false] {
        if by_key {
            screen.send("\x1a");
        } else {
            screen.signal("-TSTP");
        }
        stopped(&screen);
        screen.signal("-CONT");
        screen.until("the screen again", |s| screen.alternate_screen() && s.contains("TRAINING") && s.contains("Settings"));
    }
    // Somebody stops the process without a word: what the shell did with the terminal meanwhile is not what is drawn over.
    screen.signal("-STOP");
    let pid = screen.pid();
    screen.until("the process stopped", |_| state(pid) == 'T');
    let before = screen.sent().len();
    screen.signal("-CONT");
    screen.until("the terminal taken anew", |_| {
        let new = String::from_utf8_lossy(&screen.sent()[before..]).into_owned();
        new.contains("\x1b[?1049h") && new.contains("Settings")
    });
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
    screen.until("the terminal as it was", |_| screen.is_as_found());
}

#[test]
fn a_storm_of_sizes_leaves_a_whole_screen() {
    let dir = tempfile::tempdir().unwrap();
    let mut screen = open(dir.path());
    let mut random = 12345_u32;
    let mut below = |n: u32| {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (random >> 16) % n
    };
    for i in 0..100 {
        let (columns, rows) = if i % 10 == 0 { (1, 1) } else { (1 + below(220), 1 + below(70)) };
        screen.resize_window_only(columns as u16, rows as u16);
        sleep(Duration::from_millis(u64::from(below(12))));
    }
    screen.resize(100, 30);
    screen.until("the whole screen", |s| ["TRAINING", "Settings", "Log", "quit"].iter().all(|part| s.contains(part)));
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut screen = open(dir.path());
    screen.signal("-TERM");
    assert_eq!(screen.exit_code(), 128 + 15);
    screen.until("the last words", |s| s.contains("run directory"));
    screen.until("the terminal as it was", |_| screen.is_as_found());
    let sent = String::from_utf8_lossy(&screen.sent()).into_owned();
    assert!(sent.contains("\x1b]2;dim-tui: shapes, "), "the window has a title");
    assert!(sent.contains("\x1b[22;2t") && sent.contains("\x1b[23;2t"), "and gets back the one it had");
    assert!(!sent.contains("\x1b]9;4"), "no progress bar where none is known");
}

#[test]
fn the_mouse_can_be_given_to_the_terminal_and_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut screen = open(dir.path());
    assert!(screen.has_mouse());
    screen.send("m");
    screen.shows("text can be selected");
    screen.until("the mouse free", |_| !screen.has_mouse());
    // The sentence goes with the next key, the hint stays.
    screen.send("\x1b[B");
    screen.shows("m mouse on");
    screen.send("m");
    screen.until("the mouse ours", |_| screen.has_mouse());
}

#[test]
fn the_users_own_file_gives_keys_theme_and_manners() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("dim-tui");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("ui.toml"), "theme = \"light\"\nnotify = \"osc9\"\nprogress = \"on\"\n\n[keys]\npause = \"ctrl-p\"\n")
        .unwrap();
    let mut screen = open_in(Kind::default(), dir.path(), &["optim.steps=300"]);
    screen.shows("Ctrl-P pause");
    screen.send("\x10");
    screen.shows("PAUSED");
    screen.until("the bar at rest", |_| String::from_utf8_lossy(&screen.sent()).contains("\x1b]9;4;4;"));
    screen.send("\x10");
    screen.shows("FINISHED");
    let told = "\x1b]9;dim-tui: shapes has finished at step 300\x07";
    screen.until("the notification", |_| String::from_utf8_lossy(&screen.sent()).contains(told));
    let sent = String::from_utf8_lossy(&screen.sent()).into_owned();
    assert!(sent.contains("48;2;250;250;248"), "the ground of the light theme");
    screen.send("q");
    assert_eq!(screen.exit_code(), 0);
    let run = dir.path().join("run");
    journal_row(&run, "the end", |r| r["kind"] == "end");
    for file in ["config.toml", "replay.toml"] {
        let text = fs::read_to_string(run.join(file)).unwrap();
        assert!(!text.contains("light") && !text.contains("osc9"), "{file} is of the run, not of who looks on");
    }
}

#[test]
fn a_saved_change_of_the_users_own_file_is_in_force_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut screen = open(dir.path());
    let own = dir.path().join("dim-tui");
    fs::create_dir(&own).unwrap();
    fs::create_dir_all(&own).unwrap();
    let save = |text: &str| fs::write(own.join("ui.toml"), text).unwrap();
    save("theme = \"light\"\nmouse = false\n\n[keys]\npause = \"ctrl-p\"\n");
    screen.shows("ui.toml saved, in force: theme light, the mouse is the terminal's, other keys");
    screen.until("the mouse free", |_| !screen.has_mouse());
    screen.until("the ground of the light theme", |_| String::from_utf8_lossy(&screen.sent()).contains("48;2;250;250;248"));
    screen.send("\x10");
    screen.shows("PAUSED");
    save("[keys]\npause = \"ctlr-p\"\n");
    screen.shows("ui.toml:2:9: 'ctlr-p' is not a key");
    screen.send("\x10");
    screen.shows("TRAINING");
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
}

#[test]
fn a_faulty_file_of_the_users_is_one_sentence_and_exit_2() {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("dim-tui");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("ui.toml"), "[keys]\ncheckpoint = \"Space\"\n").unwrap();
    let mut screen = open_in(Kind::default(), dir.path(), &[]);
    assert_eq!(screen.exit_code(), 2);
    screen.shows("error: ");
    let text = screen.text().replace('\n', "");
    assert!(text.contains("ui.toml:2:14: ") && text.contains("'pause'") && text.contains("'checkpoint'"), "{text}");
}

#[test]
fn a_terminal_of_256_colours_is_sent_no_others() {
    let dir = tempfile::tempdir().unwrap();
    for (says, others) in [("", false), ("truecolor", true)] {
        let kind = if others {
            Kind { env: &[("COLORTERM", "truecolor")], ..Kind::default() }
        } else {
            Kind { env: &[("COLORTERM", "")], ..Kind::default() }
        };
        let mut screen =
            Screen::open_in(kind, 100, 30, dir.path(), &sets(&["optim.steps=1000000", &format!("run.dir=runs{others}")]));
        screen.shows("TRAINING");
        let sent = String::from_utf8_lossy(&screen.sent()).into_owned();
        assert_eq!(sent.contains("38;2;"), others, "24-bit colours with COLORTERM={says}");
        assert_eq!(sent.contains("38;5;74m") || sent.contains("38;5;74;"), !others, "sky blue of 256 with COLORTERM={says}");
        screen.send("qy");
        assert_eq!(screen.exit_code(), 0);
    }
}

#[test]
fn no_colour_comes_before_any_theme_and_the_flag_before_that() {
    let dir = tempfile::tempdir().unwrap();
    for (flag, coloured) in [("auto", false), ("always", true)] {
        let kind = Kind { env: &[("NO_COLOR", "1")], ..Kind::default() };
        let more = ["--theme", "light", "--color", flag].map(String::from);
        let args = sets(&["optim.steps=1000000", &format!("run.dir=runs-{flag}")]).into_iter().chain(more);
        let mut screen = Screen::open_in(kind, 100, 30, dir.path(), &args.collect::<Vec<_>>());
        screen.shows("TRAINING");
        let sent = String::from_utf8_lossy(&screen.sent()).into_owned();
        assert_eq!(sent.contains("48;2;250;250;248"), coloured, "--color {flag}");
        assert_eq!(sent.contains("38;2;") || sent.contains("38;5;"), coloured, "--color {flag}");
        screen.send("qy");
        assert_eq!(screen.exit_code(), 0);
    }
}

#[test]
fn the_screen_is_kept_as_a_picture() {
    let dir = tempfile::tempdir().unwrap();
    let mut screen = open(dir.path());
    screen.send(" ");
    screen.shows("PAUSED");
    // The view that is open, too.
    screen.send("v");
    screen.shows("wasserstein");
    screen.send("\x13");
    screen.shows("picture of the screen: ");
    screen.send("\x13");
    let pictures = || {
        let entries = fs::read_dir(dir.path().join("run")).unwrap().flatten();
        let mut svgs: Vec<_> = entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|e| e == "svg")).collect();
        svgs.sort();
        svgs
    };
    screen.until("a second picture beside the first", |_| pictures().len() == 2);
    let svg = fs::read_to_string(&pictures()[0]).unwrap();
    for word in ["PAUSED", "jsd", "dim-tui", "</svg>"] {
        assert!(svg.contains(word), "no '{word}' in the picture");
    }
    screen.send("qy");
    assert_eq!(screen.exit_code(), 0);
}
