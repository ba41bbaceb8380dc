//! SIGINT, SIGTERM and SIGHUP: the first one asks for an orderly end, the second ends at once.

use std::{
    io::{self, BufRead},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use signal_hook::{consts, flag};

/// SIGHUP, where there is one.
const HANG_UP: usize = 1;

/// What has been caught.
#[derive(Debug, Default)]
pub struct Signals {
    caught: Arc<AtomicUsize>,
}

impl Signals {
    /// Begins to catch.
    ///
    /// # Errors
    /// If the system does not let us.
    pub fn catch() -> io::Result<Self> {
        let this = Self::default();
        let armed = Arc::new(AtomicBool::new(false));
        let mut wanted = vec![consts::SIGINT, consts::SIGTERM];
        #[cfg(unix)]
        wanted.push(consts::SIGHUP);
        for signal in wanted {
            // In this order: the first signal finds `armed` false, the second, whichever it is, finds it true. The end
            // happens in the handler, so it works even if this program hangs.
            flag::register_conditional_shutdown(signal, 128 + signal, armed.clone())?;
            flag::register(signal, armed.clone())?;
            flag::register_usize(signal, this.caught.clone(), signal.unsigned_abs() as usize)?;
        }
        Ok(this)
    }

    /// Hears a parent process too: a line with the number of a signal is that signal; the end is a hang-up, since then the parent
    /// has gone. Neither ends anything at once.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn also_from(self, mut input: impl BufRead + Send + 'static) -> io::Result<Self> {
        let caught = self.caught.clone();
        thread::Builder::new().name("parent".into()).spawn(move || {
            let mut line = String::new();
            let told = input.read_line(&mut line).ok().and_then(|_| line.trim().parse().ok());
            // A signal that came by itself stays.
            let _ = caught.compare_exchange(0, told.unwrap_or(HANG_UP), Ordering::Relaxed, Ordering::Relaxed);
        })?;
        Ok(self)
    }

    /// The number of the signal caught, if any.
    pub fn caught(&self) -> Option<i32> {
        match self.caught.load(Ordering::Relaxed) {
            0 => None,
            n => i32::try_from(n).ok(),
        }
    }

    #[cfg(test)]
    pub fn already(signal: i32) -> Self {
        Self { caught: Arc::new(AtomicUsize::new(signal.unsigned_abs() as usize)) }
    }
}
