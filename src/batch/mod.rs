//! The headless front end: the same session as the workbench's, told in lines.

mod progress;

use std::{
    io::{self, Write},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use progress::Progress;

use crate::{
    config::{Config, FileEvent, Watch, key},
    train::{Command, Event, Options, Outcome, Session, StopReason},
};

/// How often signals, the config file and the screen are looked at.
const TICK: Duration = Duration::from_millis(100);

/// Trains to the end; the exit code. `file` is watched and reloaded when saved.
pub fn run(config: Config, options: Options, file: Option<&Path>) -> anyhow::Result<i32> {
    let signals = Signals::catch()?;
    let mut watch = file.map(|f| Watch::new(f, crate::config::load(Some(f), &[])?)).transpose()?;
    let session = Session::start(config, options)?;
    let mut progress = Progress::new();
    let mut stopping = false;
    let mut changes = 0;
    let outcome = loop {
        let snapshot = session.snapshot.load();
        progress.show(&snapshot);
        match session.events.recv_timeout(TICK) {
            Ok(Event::Ended(outcome)) => break outcome,
            Ok(event) => progress.event(&event),
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => {
                break Outcome::Failed("the trainer ended without a word".into());
            }
        }
        if let Some(signal) = signals.received().filter(|_| !stopping) {
            stopping = true;
            progress.line(&format!("signal {signal}: saving a checkpoint; once more ends at once"));
            let _ = session.commands.send(Command::Stop(StopReason::Signal(signal)));
        }
        if let Some(event) = watch.as_mut().and_then(Watch::poll) {
            changes += 1;
            follow_file(event, changes, &session, &progress);
        }
    };
    let snapshot = session.snapshot.load_full();
    progress.end(&snapshot, &outcome);
    let code = match &outcome {
        Outcome::Done | Outcome::Stopped(StopReason::Quit | StopReason::Restart) => 0,
        Outcome::Stopped(StopReason::Signal(n)) => 128 + n,
        Outcome::Nonfinite(_) => 3,
        Outcome::Failed(_) => 1,
        Outcome::Refused(_) => 2,
    };
    if let Outcome::Nonfinite(reason) | Outcome::Failed(reason) | Outcome::Refused(reason) = &outcome {
        let _ = writeln!(io::stderr(), "error: {reason}");
    }
    session.join();
    Ok(code)
}

/// A saved config file: what can change live is sent as one change, the rest is named.
fn follow_file(event: FileEvent, id: u64, session: &Session, progress: &Progress) {
    match event {
        FileEvent::Broken(e) => progress.line(&format!("the config file is not used until it is mended: {e}")),
        FileEvent::Mended => progress.line("the config file is whole again"),
        FileEvent::Changed { changes, .. } => {
            let (live, restart): (Vec<_>, Vec<_>) = changes.into_iter().partition(|c| key(&c.key).is_some_and(|k| k.live));
            for change in restart {
                progress.line(&format!("{} takes effect on the next run", change.key));
            }
            if !live.is_empty() {
                let _ = session.commands.send(Command::Apply { id, changes: live });
            }
        }
    }
}

/// The signals that end a run: the first asks for a checkpoint, the second ends at once.
struct Signals(Arc<AtomicUsize>);

impl Signals {
    fn catch() -> io::Result<Self> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        let flag = Arc::new(AtomicUsize::new(0));
        let again = Arc::new(std::sync::atomic::AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // In this order: the shutdown looks at `again` before this signal arms it.
            signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, again.clone())?;
            signal_hook::flag::register(signal, again.clone())?;
            signal_hook::flag::register_usize(signal, flag.clone(), signal as usize)?;
        }
        Ok(Self(flag))
    }

    fn received(&self) -> Option<i32> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            n => Some(n as i32),
        }
    }
}

/// Physical cores: a hyper-thread more only slows matrix products. Falls back to all logical ones.
pub fn physical_cores() -> usize {
    let logical = std::thread::available_parallelism().map_or(1, usize::from);
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let field = |block: &str, name: &str| {
        block.lines().find(|l| l.starts_with(name)).and_then(|l| l.split(':').nth(1)).map(|v| v.trim().to_string())
    };
    let cores: std::collections::BTreeSet<_> =
        cpuinfo.split("\n\n").filter_map(|b| Some((field(b, "physical id")?, field(b, "core id")?))).collect();
    if cores.is_empty() { logical } else { cores.len().min(logical) }
}
