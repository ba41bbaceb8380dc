//! Keys and mouse, read on a thread of their own.
//!
//! crossterm never returns from a read on a terminal that has been closed, so the loop of the screen must not be the one
//! that reads; and before every read the terminal is asked whether it is still there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crossbeam_channel::{Receiver, Sender};
use crossterm::event::{self, Event};

use super::message::Message;

/// The reading thread; told to stop when this is dropped.
pub struct Input {
    pub messages: Receiver<Message>,
    stop: Arc<AtomicBool>,
}

impl Input {
    pub fn start() -> std::io::Result<Self> {
        let (sender, messages) = crossbeam_channel::unbounded();
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        thread::Builder::new().name("input".into()).spawn(move || read(&sender, &flag))?;
        Ok(Self { messages, stop })
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn read(sender: &Sender<Message>, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        if hung_up() {
            let _ = sender.send(Message::Closed);
            return;
        }
        let message = match event::poll(Duration::from_millis(50)) {
            Ok(false) => continue,
            Ok(true) => event::read(),
            Err(error) => Err(error),
        };
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
