//! Keys and mouse, read on a thread of their own; before it, the answers of the terminal to what it is asked.
//!
//! crossterm never returns from a read on a terminal that has been closed, so the loop of the screen must not be the one
//! that reads; and before every read the terminal is asked whether it is still there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender};
use crossterm::event::{self, Event, KeyCode, KeyModifiers};

use super::{
    graphics::{Heard, hear},
    message::Message,
    typed,
};

/// How long the first frame waits for answers, and how much longer if one has begun.
const ANSWERS: Duration = Duration::from_millis(100);
const REST: Duration = Duration::from_millis(50);
/// After which no late answer is expected.
const LATE: Duration = Duration::from_secs(10);

/// The reading thread; told to stop when this is dropped.
pub struct Input {
    pub messages: Receiver<Message>,
    stop: Arc<AtomicBool>,
}

impl Input {
    /// Begins to read. What was typed while the terminal was asked comes first.
    pub fn start(heard: &Heard, asked: bool) -> std::io::Result<Self> {
        let (sender, messages) = crossbeam_channel::unbounded();
        for key in typed::keys(&heard.typed) {
            // The receiver is at hand.
            let _ = sender.send(Message::Key(key));
        }
        let late = Late { until: (asked && !heard.complete).then(|| Instant::now() + LATE), ..Late::default() };
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        thread::Builder::new().name("input".into()).spawn(move || read(&sender, &flag, late))?;
        Ok(Self { messages, stop })
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn read(sender: &Sender<Message>, stop: &AtomicBool, mut late: Late) {
    while !stop.load(Ordering::Relaxed) {
        if hung_up() {
            let _ = sender.send(Message::Closed);
            return;
        }
        let message = match event::poll(Duration::from_millis(50)) {
            Ok(false) => {
                late.length = 0;
                continue;
            }
            Ok(true) => event::read(),
            Err(error) => Err(error),
        };
        if message.as_ref().is_ok_and(|event| late.swallows(event)) {
            continue;
        }
        let message = match message {
            Ok(Event::Key(key)) => Message::Key(key),
            Ok(Event::Mouse(mouse)) => Message::Mouse(mouse),
            Ok(Event::Paste(text)) => Message::Paste(text),
            Ok(Event::Resize(width, height)) => Message::Resize(width, height),
            Ok(Event::FocusGained | Event::FocusLost) => continue,
            Err(_) => Message::Closed,
        };
        let closed = matches!(message, Message::Closed);
        if sender.send(message).is_err() || closed {
            return;
        }
    }
}

/// An answer that comes after the wait, `ESC _ G ... ESC \`, is to crossterm a row of keys, from Alt-_ to Alt-\, some of which do
/// something. They come in one piece, so a pause ends it too.
#[derive(Default)]
struct Late {
    /// Until when one is expected.
    until: Option<Instant>,
    /// Events of it so far.
    length: usize,
}

impl Late {
    fn swallows(&mut self, event: &Event) -> bool {
        let Some(until) = self.until else { return false };
        let Event::Key(key) = event else { return false };
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match (self.length, key.code) {
            (0, KeyCode::Char('_')) if alt && Instant::now() < until => self.length = 1,
            (0, _) => return false,
            (1, KeyCode::Char('G')) => self.length = 2,
            (1, _) => {
                self.length = 0;
                return false;
            }
            (_, KeyCode::Char('\\')) if alt => *self = Self::default(),
            _ => self.length += 1,
        }
        true
    }
}

/// Waits for the answers to questions that have been sent. Nothing else may be reading.
pub fn answers() -> Heard {
    let start = Instant::now();
    let mut bytes = Vec::new();
    loop {
        let heard = hear(&bytes);
        let patience = if heard.cut_off { ANSWERS + REST } else { ANSWERS };
        let left = patience.saturating_sub(start.elapsed());
        if heard.complete || left.is_zero() || !take_bytes(left, &mut bytes) {
            return heard;
        }
    }
}

/// Appends what comes in within `timeout`, if anything. False if nothing can come.
#[cfg(unix)]
fn take_bytes(timeout: Duration, bytes: &mut Vec<u8>) -> bool {
    let mut fd = libc::pollfd { fd: libc::STDIN_FILENO, events: libc::POLLIN, revents: 0 };
    let millis = timeout.as_millis().clamp(1, 1000) as libc::c_int;
    // SAFETY: one valid pollfd; the call keeps no pointer.
    let ready = unsafe { libc::poll(&raw mut fd, 1, millis) };
    if ready <= 0 {
        // The time is up, or a signal came in between.
        return true;
    }
    let mut chunk = [0u8; 512];
    // SAFETY: the buffer is ours and as long as said. `std::io::stdin` would keep what it reads ahead from crossterm.
    let n = unsafe { libc::read(libc::STDIN_FILENO, chunk.as_mut_ptr().cast(), chunk.len()) };
    let n = usize::try_from(n).unwrap_or(0);
    bytes.extend(&chunk[..n]);
    n > 0
}

#[cfg(not(unix))]
fn take_bytes(_timeout: Duration, _bytes: &mut Vec<u8>) -> bool {
    false
}

/// True if the other end of the terminal is gone.
#[cfg(unix)]
fn hung_up() -> bool {
    let mut fd = libc::pollfd { fd: libc::STDIN_FILENO, events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid pollfd, and a timeout of zero: the call returns at once and keeps no pointer.
    let ready = unsafe { libc::poll(&raw mut fd, 1, 0) };
    ready > 0 && fd.revents & (libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) != 0
}

#[cfg(not(unix))]
fn hung_up() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn swallowed(late: &mut Late, text: &str) -> String {
        let events = crossterm_keys(text);
        events.into_iter().filter(|(_, event)| late.swallows(event)).map(|(c, _)| c).collect()
    }

    /// What crossterm makes of the characters: `ESC` and another are that one with Alt.
    fn crossterm_keys(text: &str) -> Vec<(char, Event)> {
        let mut chars = text.chars();
        let mut events = Vec::new();
        while let Some(c) = chars.next() {
            let (c, modifiers) = if c == '\x1b' { (chars.next().unwrap(), KeyModifiers::ALT) } else { (c, KeyModifiers::NONE) };
            events.push((c, Event::Key(event::KeyEvent::new(KeyCode::Char(c), modifiers))));
        }
        events
    }

    #[test]
    fn a_late_answer_is_no_row_of_keys() {
        let awaited = || Late { until: Some(Instant::now() + LATE), length: 0 };
        let mut late = awaited();
        assert_eq!(swallowed(&mut late, "Gq\x1b_Gi=31;OK\x1b\\Gq"), "_Gi=31;OK\\");
        assert_eq!(swallowed(&mut late, "\x1b_G"), "", "one answer is all that can come");
        assert_eq!(swallowed(&mut awaited(), "\x1b_qG"), "_", "a key of the user's ends it");
        assert_eq!(swallowed(&mut Late::default(), "\x1b_Gi=31;OK\x1b\\"), "");
    }
}
