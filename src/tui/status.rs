//! What the terminal shows of us outside of the screen: the window's title (OSC 2) and its progress bar (OSC 9;4). Only what changes
//! is sent; what was there before is put back at the end.

use super::{
    app::App,
    env::{Env, is_between},
    ui::Progress,
};
use crate::train::Phase;

/// What has been sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    has_title: bool,
    has_progress: bool,
    title: Option<String>,
    progress: Option<Bar>,
}

/// The bar: its kind, and per cent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bar(u8, u64);

/// Kinds of bar.
const NONE: u8 = 0;
const RUNNING: u8 = 1;
const FAILED: u8 = 2;
const PAUSED: u8 = 4;

impl Status {
    pub fn new(progress: Progress, env: Env) -> Self {
        let term = env("TERM").unwrap_or_default();
        let plain = term.is_empty() || term.starts_with("dumb") || term.starts_with("linux");
        let has_progress = match progress {
            Progress::Auto => has_progress(env),
            Progress::On => true,
            Progress::Off => false,
        };
        Self { has_title: !plain, has_progress: has_progress && !plain, ..Self::default() }
    }

    /// What is to be sent so that the terminal shows this state.
    pub fn follow(&mut self, app: &App) -> String {
        let mut out = String::new();
        if self.has_title {
            let title = title(app);
            if self.title.as_ref() != Some(&title) {
                if self.title.is_none() {
                    // The terminal keeps the title that it had.
                    out.push_str("\x1b[22;2t");
                }
                out.push_str(&format!("\x1b]2;{title}\x07"));
                self.title = Some(title);
            }
        }
        if self.has_progress {
            let bar = bar(app);
            if self.progress != Some(bar) && !(self.progress.is_none() && bar.0 == NONE) {
                out.push_str(&format!("\x1b]9;4;{};{}\x07", bar.0, bar.1));
                self.progress = Some(bar);
            }
        }
        out
    }

    /// The progress bar otherwise from now on; what takes it away where there is none any more.
    pub fn turn(&mut self, progress: Progress, env: Env) -> &'static str {
        self.has_progress = Self::new(progress, env).has_progress;
        let shown = self.progress.take().is_some_and(|bar| bar.0 != NONE);
        if shown && !self.has_progress { "\x1b]9;4;0;0\x07" } else { "" }
    }

    /// What puts everything back.
    pub fn off(&self) -> String {
        let mut out = String::new();
        if self.title.is_some() {
            out.push_str("\x1b]2;\x07\x1b[23;2t");
        }
        if self.progress.is_some_and(|bar| bar.0 != NONE) {
            out.push_str("\x1b]9;4;0;0\x07");
        }
        out
    }

    /// It has been put back: with the next state all of it is sent again.
    pub fn forget(&mut self) {
        self.title = None;
        self.progress = None;
    }
}

/// `dim-tui: shapes, 42 %`.
fn title(app: &App) -> String {
    let data: String = app.live.config.data.name.chars().filter(|c| !c.is_control()).collect();
    let word = match &app.live.phase {
        Phase::Starting(_) => "starting".into(),
        Phase::Paused(_) => format!("paused at {} %", percent(app)),
        Phase::Finished => "finished".into(),
        Phase::Failed(_) => "failed".into(),
        _ if app.failure().is_some() => "failed".into(),
        _ => format!("{} %", percent(app)),
    };
    format!("dim-tui: {data}, {word}")
}

fn bar(app: &App) -> Bar {
    let percent = percent(app);
    match &app.live.phase {
        _ if app.failure().is_some() => Bar(FAILED, percent),
        Phase::Training | Phase::WaitingForProbe => Bar(RUNNING, percent),
        Phase::Paused(_) => Bar(PAUSED, percent),
        _ => Bar(NONE, 0),
    }
}

fn percent(app: &App) -> u64 {
    let share = app.live.step as f64 / app.live.steps.max(1) as f64;
    (share.clamp(0.0, 1.0) * 100.0).floor() as u64
}

/// Terminals that are known to have a progress bar. Older versions of some take the sequence for a notification, so these must say a
/// version that knows better.
fn has_progress(env: Env) -> bool {
    if is_between(env) {
        return false;
    }
    let version = env("TERM_PROGRAM_VERSION").unwrap_or_default();
    match env("TERM_PROGRAM").as_deref() {
        Some("ghostty") => at_least(&version, &[1, 2]),
        Some("WezTerm") => version.get(..8).and_then(|day| day.parse::<u32>().ok()).is_some_and(|day| day >= 20_250_210),
        Some("iTerm.app") => at_least(&version, &[3, 6, 6]),
        _ => env("WT_SESSION").is_some() || env("ConEmuANSI").as_deref() == Some("ON"),
    }
}

/// True if a version such as `3.6.10` is not older than this one.
fn at_least(version: &str, wanted: &[u32]) -> bool {
    let number = |part: &str| part.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().ok();
    let parts: Vec<u32> = version.split('.').map_while(number).collect();
    !parts.is_empty() && parts[..] >= *wanted
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        config::Config,
        train::{Session, Snapshot},
        tui::theme::Theme,
    };

    fn app(step: u64, phase: Phase) -> App {
        let (session, _link) = Session::pair(&Config::default());
        let live = (*session.snapshot.load_full()).clone();
        let live = Snapshot { step, steps: 200, phase, ..live };
        App::new(Theme::colour(), Arc::new(live), session.history.clone(), None)
    }

    fn env(pairs: &'static [(&'static str, &'static str)]) -> impl Fn(&str) -> Option<String> {
        move |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn only_what_changes_is_sent_and_all_of_it_is_put_back() {
        let mut status = Status::new(Progress::On, &env(&[("TERM", "xterm-256color")]));
        assert_eq!(status.off(), "", "nothing has been changed yet");
        let first = status.follow(&app(10, Phase::Training));
        assert_eq!(first, "\x1b[22;2t\x1b]2;dim-tui: shapes, 5 %\x07\x1b]9;4;1;5\x07");
        assert_eq!(status.follow(&app(11, Phase::Training)), "", "still 5 %");
        assert_eq!(status.follow(&app(12, Phase::Paused(None))), "\x1b]2;dim-tui: shapes, paused at 6 %\x07\x1b]9;4;4;6\x07");
        assert_eq!(status.off(), "\x1b]2;\x07\x1b[23;2t\x1b]9;4;0;0\x07");
        let end = status.follow(&app(200, Phase::Finished));
        assert_eq!(end, "\x1b]2;dim-tui: shapes, finished\x07\x1b]9;4;0;0\x07");
        assert!(!status.off().contains("9;4"), "the bar is gone already");
        status.forget();
        assert!(status.follow(&app(200, Phase::Finished)).starts_with("\x1b[22;2t"));
    }

    #[test]
    fn the_bar_is_for_terminals_that_are_known_to_have_one() {
        let has = |pairs: &'static [(&'static str, &'static str)]| {
            let mut status = Status::new(Progress::Auto, &env(pairs));
            status.follow(&app(10, Phase::Training)).contains("\x1b]9;4")
        };
        const TERM: (&str, &str) = ("TERM", "xterm-256color");
        assert!(has(&[TERM, ("TERM_PROGRAM", "ghostty"), ("TERM_PROGRAM_VERSION", "1.2.3")]));
        assert!(has(&[TERM, ("TERM_PROGRAM", "iTerm.app"), ("TERM_PROGRAM_VERSION", "3.6.10")]));
        assert!(!has(&[TERM, ("TERM_PROGRAM", "iTerm.app"), ("TERM_PROGRAM_VERSION", "3.5.0")]));
        assert!(!has(&[TERM, ("TERM_PROGRAM", "WezTerm"), ("TERM_PROGRAM_VERSION", "20240203-110809-5046fc22")]));
        assert!(has(&[TERM, ("WT_SESSION", "x")]));
        assert!(!has(&[TERM]));
        assert!(!has(&[TERM, ("WT_SESSION", "x"), ("TMUX", "y")]));
        let mut dumb = Status::new(Progress::On, &env(&[("TERM", "linux")]));
        assert_eq!(dumb.follow(&app(10, Phase::Training)), "");
    }
}
