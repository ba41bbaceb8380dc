//! SIGINT, SIGTERM and SIGHUP: the first one asks for an orderly end, the second ends at once.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use signal_hook::{consts, flag};

/// What has been caught.
#[derive(Debug, Default)]
pub(super) struct Signals {
    caught: Arc<AtomicUsize>,
}

impl Signals {
    /// Begins to catch.
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
