//! Shared by the black-box tests: the binary under a real pseudo-terminal, its screen read back through vt100.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use serde_json::Value;

pub const BINARY: &str = env!("CARGO_BIN_EXE_dim-tui");

/// Settings that make a run small enough for a test.
pub const TINY: &[&str] = &[
    "data.train_limit=512",
    "encoder.width=4",
    "encoder.fc=16",
    "encoder.code=8",
    "critic.units=16",
    "critic.hidden=16",
    "optim.batch=16",
    "probe.train=100",
    "probe.test=100",
    "probe.every=50",
];

/// `--set` arguments for [`TINY`] and `more`.
pub fn sets(more: &[&str]) -> Vec<String> {
    TINY.iter().chain(more).flat_map(|s| ["--set".to_string(), s.to_string()]).collect()
}

/// The headless run, waited for.
pub fn batch(out: &Path, args: &[String]) -> Output {
    Command::new(BINARY).args(["--batch", "--threads", "2", "--out"]).arg(out).args(args).output().expect("the binary starts")
}

/// Rows of a JSONL file.
pub fn rows(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|l| serde_json::from_str(l).unwrap_or_else(|e| panic!("{}: {e}: {l}", file.display()))).collect()
}

/// The rows without their time fields.
pub fn timeless(file: &Path) -> Vec<Value> {
    let mut all = rows(file);
    for row in &mut all {
        let row = row.as_object_mut().expect("a row is an object");
        for key in ["seconds", "examples_per_second", "time"] {
            row.remove(key);
        }
    }
    all
}

/// The workbench in a pseudo-terminal.
pub struct Screen {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    parser: Arc<Mutex<vt100::Parser>>,
    sent: Arc<Mutex<Vec<u8>>>,
    reading: JoinHandle<()>,
}

/// What sort of terminal it is.
#[derive(Default, Clone, Copy)]
pub struct Kind {
    pub env: &'static [(&'static str, &'static str)],
    /// What it sends when it has been asked what it is (`ESC [ c`), and how much later.
    pub answer: &'static str,
    pub after: Duration,
}

impl Screen {
    pub fn open(columns: u16, rows: u16, dir: &Path, args: &[String]) -> Self {
        Self::open_in(Kind::default(), columns, rows, dir, args)
    }

    /// In a terminal that answers.
    pub fn open_in(kind: Kind, columns: u16, rows: u16, dir: &Path, args: &[String]) -> Self {
        let pair = native_pty_system()
            .openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 })
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(BINARY);
        command.args(args);
        command.cwd(dir);
        command.env("TERM", "xterm-256color");
        command.env("DIM_TUI_TOUR", "never");
        command.env("COLORTERM", "truecolor");
        // What the user has at home is no part of a test.
        command.env("XDG_CONFIG_HOME", dir);
        for name in ["NO_COLOR", "TMUX", "STY", "TERM_PROGRAM", "LC_TERMINAL", "COLORFGBG", "WT_SESSION"] {
            command.env_remove(name);
        }
        kind.env.iter().for_each(|(name, value)| command.env(name, value));
        let child = pair.slave.spawn_command(command).expect("the binary starts");
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let writer = Arc::new(Mutex::new(pair.master.take_writer().expect("a writer")));
        let parser = Arc::new(Mutex::new(vt100::Parser::new(size(rows), size(columns), 0)));
        let sent = Arc::new(Mutex::new(Vec::new()));
        let (shared, all, keys) = (parser.clone(), sent.clone(), writer.clone());
        let reading = thread::spawn(move || {
            let mut bytes = [0; 8192];
            let mut asked = false;
            while let Ok(n) = reader.read(&mut bytes) {
                if n == 0 {
                    break;
                }
                shared.lock().unwrap().process(&bytes[..n]);
                let mut all = all.lock().unwrap();
                all.extend(&bytes[..n]);
                if !asked && all.windows(3).any(|w| w == b"\x1b[c") {
                    asked = true;
                    let keys = keys.clone();
                    thread::spawn(move || {
                        thread::sleep(kind.after);
                        let _ = keys.lock().unwrap().write_all(kind.answer.as_bytes());
                    });
                }
            }
        });
        Self { child, master: pair.master, writer, parser, sent, reading }
    }

    pub fn text(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// Everything the program has written so far.
    pub fn sent(&self) -> Vec<u8> {
        self.sent.lock().unwrap().clone()
    }

    pub fn alternate_screen(&self) -> bool {
        self.parser.lock().unwrap().screen().alternate_screen()
    }

    pub fn has_mouse(&self) -> bool {
        self.parser.lock().unwrap().screen().mouse_protocol_mode() != vt100::MouseProtocolMode::None
    }

    /// True if nothing of ours is left in force: the ordinary screen with its cursor, no mouse, no bracketed paste.
    pub fn is_as_found(&self) -> bool {
        let parser = self.parser.lock().unwrap();
        let screen = parser.screen();
        let mouse = screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None;
        !screen.alternate_screen() && !screen.hide_cursor() && !mouse && !screen.bracketed_paste()
    }

    pub fn send(&mut self, keys: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(keys.as_bytes()).expect("the terminal takes keys");
        writer.flush().expect("the terminal takes keys");
    }

    /// Types a `:` line and presses Enter.
    pub fn command(&mut self, line: &str) {
        self.send(":");
        self.send(line);
        self.send("\r");
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.parser.lock().unwrap().screen_mut().set_size(size(rows), size(columns));
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).expect("a resize");
    }

    /// The window changes and what reads its output does not: for sizes in which nothing can be read.
    pub fn resize_window_only(&self, columns: u16, rows: u16) {
        self.master.resize(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).expect("a resize");
    }

    /// What the kernel sends to a terminal's program when its window is closed.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.pid().to_string()]).status();
        assert!(sent.is_ok_and(|s| s.success()), "the signal is sent");
    }

    pub fn pid(&self) -> u32 {
        self.child.process_id().expect("a running child")
    }

    /// Waits until the screen satisfies `what`, or fails with the screen.
    pub fn until(&self, what: &str, found: impl Fn(&str) -> bool) {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if found(&self.text()) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("waited in vain for {what}; the screen:\n{}", self.text());
    }

    pub fn shows(&self, text: &str) {
        self.until(&format!("'{text}'"), |screen| screen.contains(text));
    }

    /// Waits for the program's end; its exit code. All that it has written is on the screen then.
    pub fn exit_code(&mut self) -> u32 {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().expect("a child to wait for") {
                while !self.reading.is_finished() && Instant::now() < end {
                    thread::sleep(Duration::from_millis(5));
                }
                return status.exit_code();
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("the program does not end; the screen:\n{}", self.text());
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn size(n: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(n).expect("a terminal has rows and columns")
}

/// Waits until `journal.jsonl` under `run` has a row that satisfies `found`, and returns it.
pub fn journal_row(run: &Path, what: &str, found: impl Fn(&Value) -> bool) -> Value {
    let file: PathBuf = run.join("journal.jsonl");
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        if let Ok(text) = fs::read_to_string(&file) {
            let whole = text.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
            if let Some(row) = whole.into_iter().find(|r| found(r)) {
                return row;
            }
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("no row '{what}' in {}:\n{}", file.display(), fs::read_to_string(&file).unwrap_or_default());
}
