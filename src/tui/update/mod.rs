//! Message in, new state and effects out. Pure: nothing here touches the trainer, a file or the terminal.

mod act;
mod command;
mod file;
mod filter;
mod heal;
mod help;
mod intent;
mod lesson;
mod look;
mod manners;
mod mouse;
mod own_file;
mod runs;
mod teach;
mod trainer;
mod travel;
mod views;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::{
    app::{App, Leaving, Mode},
    keys::{self, Action},
    log::Kind,
    message::{Done, Effect, Message},
    prompt::Prompt,
};
use crate::train::{Command, Phase, StopReason, Watched};

pub use lesson::take_up;
pub use trainer::{journal_line, probe_sentence};

/// What SIGHUP is called in an exit code.
const SIGHUP: i32 = 1;

/// Carries a message into the state. The effects are to be carried out in order.
pub fn update(app: &mut App, message: Message) -> Vec<Effect> {
    let watched = app.mode.watches();
    let new_trainer = matches!(message, Message::Done(Done::Started { .. }));
    let end = manners::end(app);
    let mut effects = carry(app, message);
    effects.extend(manners::told(app, end));
    effects.extend(lesson::kept(app));
    // The trainer computes what is looked at, and only while it is.
    let watching = app.mode.watches();
    if app.alive() && (watching != watched || (watching != Watched::Nothing && new_trainer)) {
        effects.push(Effect::Send(Command::Watch(watching)));
    }
    effects
}

fn carry(app: &mut App, message: Message) -> Vec<Effect> {
    match message {
        Message::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Message::Key(key) => on_key(app, key),
        Message::Mouse(event) => mouse::on_mouse(app, event),
        Message::Paste(text) => on_paste(app, &text),
        Message::Resize(width, height) => {
            app.area = ratatui::layout::Rect::new(0, 0, width, height);
            Vec::new()
        }
        Message::Trainer(event) => trainer::on_event(app, event),
        Message::Snapshot(snapshot) => {
            trainer::on_snapshot(app, snapshot);
            answered_by_the_run(app)
        }
        Message::File(event) => file::on_file(app, event),
        Message::Ui(event) => own_file::on_event(app, event),
        Message::Scripts(changes) => intent::send_all(app, changes),
        Message::Found(found) => runs::found(app, found),
        Message::Memory(mib) => {
            app.memory = Some(mib);
            Vec::new()
        }
        // A closed terminal tells twice: by a failing read and by a signal. Only a second order to end means "at once".
        Message::Signal(SIGHUP) if app.closed => Vec::new(),
        Message::Signal(n) => leave(app, Leaving::Signal(n)),
        Message::Closed => {
            app.closed = true;
            if matches!(app.leaving, None | Some(Leaving::Restart(_))) { leave(app, Leaving::Signal(SIGHUP)) } else { Vec::new() }
        }
        Message::Done(done) => on_done(app, done),
    }
}

/// Stops the trainer and leaves when it has ended; asked a second time, leaves at once.
fn leave(app: &mut App, why: Leaving) -> Vec<Effect> {
    app.mode = Mode::Normal;
    let again = app.leaving.is_some();
    let reason = match why {
        Leaving::Quit => StopReason::Quit,
        Leaving::Signal(n) => StopReason::Signal(n),
        Leaving::Restart(_) => StopReason::Restart,
    };
    let restarts = matches!(why, Leaving::Restart(_));
    let was_restarting = matches!(app.leaving, Some(Leaving::Restart(_)));
    if !app.alive() {
        return match why {
            Leaving::Restart(config) => vec![Effect::Start(config)],
            other => {
                app.leaving = Some(other);
                vec![Effect::Exit]
            }
        };
    }
    if again && restarts {
        return Vec::new();
    }
    app.leaving = Some(why);
    if again && !was_restarting {
        return vec![Effect::Exit];
    }
    vec![Effect::Send(Command::Stop(reason))]
}

fn on_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    // Whatever is open, Ctrl-C and Ctrl-Z mean what they mean everywhere.
    if key.modifiers == KeyModifiers::CONTROL && key.code == KeyCode::Char('z') {
        return vec![Effect::Suspend];
    }
    // The user's own keys are translated here, so that everything below knows those of the table only.
    let Some(key) = translated(app, key) else { return Vec::new() };
    // The screen as it is, with what lies over it.
    if key.modifiers == KeyModifiers::CONTROL && keys::action(&key) == Some(Action::Picture) {
        return vec![Effect::Picture];
    }
    match &app.mode {
        Mode::Normal => {
            app.notice = None;
            keys::action(&key).map(|action| act::act(app, action)).unwrap_or_default()
        }
        Mode::Help { .. } => help::on_key(app, key),
        Mode::Estimators(term) => views::estimators(app, *term, key),
        Mode::Representation { picked } => views::representation(app, *picked, key),
        Mode::Probes(looking) => views::probes(app, *looking, key),
        Mode::Runs(page) => runs::on_key(app, *page, key),
        Mode::Data(wanted) => views::data(app, *wanted, key),
        Mode::Explain(_) => teach::explain_key(app, key),
        Mode::Tour(card) => teach::tour_key(app, *card, key),
        Mode::Log { typing: true } => filter::log_key(app, key),
        Mode::Log { typing: false } => views::log(app, key),
        Mode::Filter => filter::settings_key(app, key),
        Mode::Quit | Mode::Restart | Mode::Travel(_) => dialog_key(app, key),
        Mode::Command(_) => command::on_key(app, key),
        Mode::Edit { .. } => command::on_edit_key(app, key),
    }
}

/// True for the keys that leave any line in which text is typed.
fn cancels(key: &KeyEvent) -> bool {
    key.code == KeyCode::Esc || (key.modifiers == KeyModifiers::CONTROL && key.code == KeyCode::Char('c'))
}

/// The key of the table that a press stands for. Where text is typed, and where y and n answer, a key is what it is.
fn translated(app: &App, key: KeyEvent) -> Option<KeyEvent> {
    let typed = match &app.mode {
        Mode::Command(_) | Mode::Edit { .. } | Mode::Filter | Mode::Log { typing: true } => true,
        Mode::Runs(_) => app.runs.typing,
        Mode::Help { .. } => app.help.typing,
        Mode::Quit | Mode::Restart | Mode::Travel(_) => matches!(key.code, KeyCode::Char('y' | 'Y' | 'n' | 'N')),
        _ => false,
    };
    if typed { Some(key) } else { app.ui.keys.translate(key) }
}

/// y or Enter: yes. n or Esc: no. The key that opened the dialog closes it for good (q q quits).
fn dialog_key(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    let again = match &app.mode {
        Mode::Restart => Action::Restart,
        Mode::Travel(travel) if travel.fork => Action::Fork,
        Mode::Travel(_) => Action::Enter,
        _ => Action::Quit,
    };
    match key.code {
        KeyCode::Char('n' | 'N') | KeyCode::Esc => {
            app.mode = Mode::Normal;
            Vec::new()
        }
        KeyCode::Char('y' | 'Y') | KeyCode::Enter => confirmed(app),
        _ if keys::action(&key) == Some(again) => confirmed(app),
        _ => Vec::new(),
    }
}

/// The dialogs ask because training would be cut short. Once it is finished nothing is, and leaving goes on as if it had been asked for
/// now; once it has failed, the failure is to be read first.
fn answered_by_the_run(app: &mut App) -> Vec<Effect> {
    if !matches!(app.mode, Mode::Quit | Mode::Restart | Mode::Travel(_)) || app.is_training() {
        return Vec::new();
    }
    if app.live.phase == Phase::Finished {
        return confirmed(app);
    }
    app.mode = Mode::Normal;
    Vec::new()
}

fn confirmed(app: &mut App) -> Vec<Effect> {
    match std::mem::replace(&mut app.mode, Mode::Normal) {
        Mode::Restart => act::restart(app),
        Mode::Travel(travel) => travel::begin(app, *travel),
        _ => leave(app, Leaving::Quit),
    }
}

/// Pasted text goes into an open line, and nowhere else: it is not a row of key presses.
fn on_paste(app: &mut App, text: &str) -> Vec<Effect> {
    match &mut app.mode {
        Mode::Command(prompt) => {
            prompt.paste(text);
            command::check(app);
        }
        Mode::Edit { prompt, .. } => {
            prompt.paste(text);
            command::check(app);
        }
        Mode::Runs(_) if app.runs.typing => runs::paste(app, text),
        Mode::Help { .. } if app.help.typing => help::paste(app, text),
        Mode::Filter => {
            app.filter.prompt.paste(text);
            filter::reselect(app);
        }
        Mode::Log { typing: true } => {
            let mut prompt = app.log.filter.prompt.clone();
            prompt.paste(text);
            app.log.filtered(prompt);
        }
        _ => app.say("pasted text is taken on the command line only: press {command} first"),
    }
    Vec::new()
}

fn on_done(app: &mut App, done: Done) -> Vec<Effect> {
    match done {
        Done::Saved { path, content } => {
            app.note(Kind::File, format!("saved {}; the file is watched from now on", path.display()));
            app.file = Some(super::app::WatchedFile { path, content: *content, broken: None });
            app.compare_with_file();
        }
        Done::WroteBack { content } => {
            if let Some(file) = &mut app.file {
                file.content = *content;
                let text = format!("wrote the run's settings into {}", file.path.display());
                app.note(Kind::File, text);
            }
            app.compare_with_file();
        }
        Done::Started { snapshot, history, lesson } => {
            lesson::take_up(app, lesson.map(|found| found.map(|lesson| *lesson)));
            return trainer::on_started(app, snapshot, history);
        }
        Done::Failed(text) => {
            app.note(Kind::Error, text.clone());
            app.complain(text);
        }
        Done::Note(text) => {
            app.note(Kind::Note, text.clone());
            app.say(text);
        }
    }
    Vec::new()
}

/// An empty command line.
fn open_command(app: &mut App) {
    app.mode = Mode::Command(Prompt::default());
}
