//! The headless front end: starts the trainer, reports what it does, turns signals and saves of the config file into
//! commands. Sees the trainer only through its session; no tensors.

mod file;
mod output;
mod plain;
mod signals;
#[cfg(test)]
mod tests;

use std::{
    io::{self, BufReader},
    path::PathBuf,
    time::Duration,
};

use crossbeam_channel::RecvTimeoutError;

use crate::{
    config::Config,
    doctor::Doctor,
    train::{Command, Event, Options, Outcome, Phase, Session, StopReason},
};
use file::{WatchedFile, WatchedScripts};
use output::Output;
pub use plain::plain;
pub use signals::Signals;

/// How often signals, the config file and the progress are looked at.
const TICK: Duration = Duration::from_millis(100);

/// Trains without a screen until the run has ended; gives the exit code. `watch` is the `--config` file: a save changes the
/// live keys of the running job here too. `led`: a sweep began it, and passes signals on through standard input.
pub fn run(config: Config, options: Options, watch: Option<PathBuf>, led: bool) -> i32 {
    let mut output = Output::to_terminal();
    let started = Signals::catch()
        .and_then(|signals| if led { signals.also_from(BufReader::new(io::stdin())) } else { Ok(signals) })
        .map_err(|e| Outcome::Failed(format!("cannot catch signals: {e}")))
        .and_then(|signals| match watch.map(WatchedFile::new).transpose() {
            Ok(file) => Ok((signals, file)),
            Err(e) => Err(Outcome::Refused(e.to_string())),
        })
        .and_then(|parts| match Session::start(config, options) {
            Ok(session) => Ok((parts, session)),
            Err(e) => Err(Outcome::Failed(format!("cannot start the training thread: {e}"))),
        });
    let outcome = match started {
        Ok(((signals, file), session)) => drive(session, file, &signals, &mut output),
        Err(outcome) => outcome,
    };
    output.ended(&outcome);
    exit_code(&outcome)
}

/// Follows a running session to its end.
fn drive(session: Session, mut file: Option<WatchedFile>, signals: &Signals, output: &mut Output) -> Outcome {
    let (mut stopping, mut doctor) = (false, Doctor::default());
    let mut scripts = WatchedScripts::default();
    let outcome = loop {
        match session.events.recv_timeout(TICK) {
            Ok(Event::Ended(outcome)) => break outcome,
            Ok(event) => tell(&event, output),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break Outcome::Failed("the trainer ended without a word".into()),
        }
        if let (Some(signal), false) = (signals.caught(), stopping) {
            stopping = true;
            output.line(&format!("signal {signal}: writing a checkpoint; once more ends at once"));
            // An unbounded channel refuses only if the trainer has gone; its last event says so.
            let _ = session.commands.try_send(Command::Stop(StopReason::Signal(signal)));
        }
        if let Some(file) = file.as_mut() {
            file.poll(&session, output);
        }
        scripts.poll(&session);
        let snapshot = session.snapshot.load();
        // Before it begins, the old rows of a resumed run come in.
        if training(&snapshot.phase) {
            for finding in doctor.look(&snapshot.config, &session.history, None) {
                output.finding(snapshot.step, &finding);
            }
        }
        output.progress(&snapshot);
    };
    output.summary(&session.snapshot.load());
    // The thread has said its last word.
    let _ = session.join();
    outcome
}

/// An event as a line.
fn tell(event: &Event, output: &mut Output) {
    match event {
        Event::Probe(row) => output.probe(row),
        Event::Journal(row) => output.journal(row),
        Event::Warning(text) => output.warning(text),
        Event::Checkpoint { step, path } => output.line(&format!("checkpoint of step {step}: {}", path.display())),
        // A refusal is told here, an acceptance by its row of the journal.
        Event::Ack { outcome: Err(reason), .. } => output.warning(&format!("refused: {reason}")),
        Event::Ack { outcome: Ok(()), .. } | Event::Ended(_) => {}
    }
}

/// The exit code of an outcome: 0 done, 1 failed, 2 refused, 3 non-finite, 128+n signal n.
pub fn exit_code(outcome: &Outcome) -> i32 {
    match outcome {
        Outcome::Done | Outcome::Stopped(StopReason::Quit | StopReason::Restart) => 0,
        Outcome::Failed(_) => 1,
        Outcome::Refused(_) => 2,
        Outcome::Nonfinite(_) => 3,
        Outcome::Stopped(StopReason::Signal(n)) => 128 + n,
    }
}

/// True once there is something to count.
fn training(phase: &Phase) -> bool {
    !matches!(phase, Phase::Starting(_))
}
