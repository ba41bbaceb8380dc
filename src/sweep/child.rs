//! One run of a sweep, as a process of its own: training, then what `sweep.eval` asks for.
//!
//! The process hears of a signal, and of our end, through its standard input (`--led`), so that it writes its checkpoint in any
//! case. What it says goes into the run's log. That file is locked, by us and through us by the process, so that no other sweep
//! in the same folder begins the same run.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::Instant,
};

use super::{
    Asked,
    folder::{Folder, State},
};
use crate::config::{Config, EvalPart};

/// A run under way.
#[derive(Debug)]
pub(super) struct Active {
    pub name: String,
    pub began: Instant,
    /// It was half done.
    pub goes_on: bool,
    child: Child,
    measuring: bool,
    stopping: bool,
    log: File,
}

/// What became of an attempt to begin a run.
#[derive(Debug)]
pub(super) enum Begun {
    UnderWay(Active),
    DoneAlready,
    /// Another process has it.
    Taken,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Done,
    /// We asked for it.
    Stopped,
    Failed(String),
}

impl Active {
    /// Begins the run of this name, or goes on with it.
    pub fn begin(asked: &Asked, folder: &Folder, name: &str, config: &Config) -> Result<Begun, String> {
        let log_path = folder.beside(name, "log");
        let said = |path: &Path, e: io::Error| format!("cannot write {}: {e}", path.display());
        let log = OpenOptions::new().append(true).create(true).open(&log_path).map_err(|e| said(&log_path, e))?;
        if matches!(log.try_lock(), Err(fs::TryLockError::WouldBlock)) {
            return Ok(Begun::Taken);
        }
        let parts = asked.parts();
        let state = folder.state(name, !parts.is_empty());
        let (mut command, measuring) = match state {
            State::Done => return Ok(Begun::DoneAlready),
            State::Unmeasured => (eval(asked, folder, name, parts), true),
            State::Half => (go_on(asked, &folder.run(name)), false),
            State::Missing => {
                folder.clear(name).map_err(|e| said(&folder.run(name), e))?;
                let path = folder.write_config(name, config).map_err(|e| e.to_string())?;
                (train(asked, &path, &folder.run(name)), false)
            }
        };
        let child = spawn(&mut command, folder, name, measuring, &log).map_err(|e| format!("cannot start: {e}"))?;
        let (name, began, goes_on) = (name.to_owned(), Instant::now(), state != State::Missing);
        Ok(Begun::UnderWay(Self { name, began, goes_on, child, measuring, stopping: false, log }))
    }

    /// Passes a signal on. Training writes a checkpoint and ends; measuring, which leaves nothing half done, is ended.
    pub fn stop(&mut self, signal: i32) {
        self.stopping = true;
        // A process that has gone needs no telling.
        if self.measuring {
            let _ = self.child.kill();
        } else if let Some(stdin) = &mut self.child.stdin {
            let _ = writeln!(stdin, "{signal}").and_then(|()| stdin.flush());
        }
    }

    /// `None` as long as there is something to do.
    pub fn poll(&mut self, asked: &Asked, folder: &Folder) -> Option<Ended> {
        let status = match self.child.try_wait() {
            Ok(status) => status?,
            Err(e) => return Some(Ended::Failed(format!("cannot be waited for: {e}"))),
        };
        if !status.success() {
            let failed = || Ended::Failed(reason(&folder.beside(&self.name, "log"), status));
            return Some(if self.stopping { Ended::Stopped } else { failed() });
        }
        if self.measuring {
            let written = fs::rename(folder.beside(&self.name, "eval"), folder.run(&self.name).join("eval.json"));
            return Some(written.map_or_else(|e| Ended::Failed(format!("eval.json: {e}")), |()| Ended::Done));
        }
        let parts = asked.parts();
        if parts.is_empty() {
            return Some(Ended::Done);
        }
        if self.stopping {
            return Some(Ended::Stopped);
        }
        match spawn(&mut eval(asked, folder, &self.name, parts), folder, &self.name, true, &self.log) {
            Ok(child) => (self.child, self.measuring) = (child, true),
            Err(e) => return Some(Ended::Failed(format!("cannot start the eval: {e}"))),
        }
        None
    }
}

fn train(asked: &Asked, config: &Path, run: &Path) -> Command {
    let mut command = Command::new(&asked.program);
    command.args(["--batch", "--led", "--config"]).arg(config).arg("--out").arg(run);
    command
}

/// With the threads it began with, since other threads give other bits.
fn go_on(asked: &Asked, run: &Path) -> Command {
    let mut command = Command::new(&asked.program);
    command.args(["--batch", "--led", "--resume"]).arg(run);
    if let Some(dir) = asked.config.data.dir.to_str().filter(|dir| !dir.is_empty()) {
        command.args(["--set", &format!("data.dir={dir}")]);
    }
    command
}

fn eval(asked: &Asked, folder: &Folder, name: &str, parts: &[EvalPart]) -> Command {
    let mut command = Command::new(&asked.program);
    let parts: Vec<&str> = parts.iter().map(|part| part.name()).collect();
    command.arg("eval").arg(folder.run(name)).args(["--json", "--only", &parts.join(",")]);
    command.args(["--threads", &asked.threads_each().to_string()]);
    if !asked.config.data.dir.as_os_str().is_empty() {
        command.arg("--data").arg(&asked.config.data.dir);
    }
    command
}

fn spawn(command: &mut Command, folder: &Folder, name: &str, measuring: bool, log: &File) -> io::Result<Child> {
    let out = if measuring { File::create(folder.beside(name, "eval"))? } else { log.try_clone()? };
    command.stdin(if measuring { Stdio::null() } else { Stdio::piped() }).stdout(out).stderr(log.try_clone()?);
    // A Ctrl-C in the terminal is ours to pass on: twice would end the runs without a checkpoint.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command.spawn()
}

/// Why a run failed: the last error that it told.
fn reason(log: &Path, status: ExitStatus) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let told = text.lines().rev().find_map(|line| line.strip_prefix("error: ")).map(str::to_owned);
    told.unwrap_or_else(|| status.to_string())
}
