//! The event loop: drain everything that has come in, then draw once.

use std::{
    collections::VecDeque,
    io::{self, IsTerminal, Write},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crossbeam_channel::{never, select};

use super::{
    app::App,
    depth::Depth,
    effects::{World, keep_lesson},
    graphics::Images,
    input::Input,
    lesson::Lesson,
    log::Kind,
    memory::Gauge,
    message::{Done, Effect, Message},
    screenshot,
    status::Status,
    term::{Guard, PanicHook, cell_size, take_panics},
    tour::{self, Tour},
    ui::{Ui, UiWatch},
    update::{take_up, update},
};
use crate::{
    config::Config,
    train::{Event, Options, Outcome},
};

/// Least time between two frames after input, and otherwise.
const AFTER_INPUT: Duration = Duration::from_millis(33);
const OTHERWISE: Duration = Duration::from_millis(100);

/// Whether to draw in colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// Unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// How the user will have it.
#[derive(Debug, Clone, Default)]
pub struct Look {
    pub color: Color,
    pub images: Images,
    /// What the user's own file says, and the flags over it.
    pub ui: Ui,
    /// Where that file is or would be, and what it says alone.
    pub own_file: Option<(PathBuf, Ui)>,
    pub tour: Tour,
}

impl Color {
    fn wanted(self) -> bool {
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        }
    }
}

/// Opens the workbench on a new run and stays until the user leaves. Gives the exit code.
///
/// # Errors
/// If there is no terminal, or the trainer or the file watch could not be started.
pub fn run(mut config: Config, options: Options, config_file: Option<PathBuf>, look: Look) -> anyhow::Result<i32> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        anyhow::bail!("there is no terminal to draw on: use --batch to train without one");
    }
    let signals = Signals::catch()?;
    let hook = PanicHook::install();
    let lesson = config.lesson.take().map(|text| Ok(Lesson::new(text)));
    let lesson = lesson.or_else(|| options.resume.as_deref().and_then(Lesson::of_run));
    let sweep = config.sweep.as_ref().map(|sweep| sweep.points().len());
    let (world, file) = World::start(config, options, config_file.as_deref())?;
    let Look { color, images, mut ui, own_file, tour } = look;
    let own_file = own_file.and_then(|(path, said)| UiWatch::new(&path, said).ok());
    (ui.colourless, ui.ground) = (!color.wanted(), variable("COLORFGBG"));
    // crossterm would look at `NO_COLOR` too, and not at the flag.
    crossterm::style::force_color_output(!ui.colourless);
    let mut app = App::new(ui.look(), world.session.snapshot.load_full(), world.session.history.clone(), file);
    app.ui = ui;
    app.scripts = world.scripts_at_hand();
    take_up(&mut app, lesson);
    if let Some(runs) = sweep {
        app.note(
            Kind::Note,
            format!("the [sweep] of this config ({runs} runs) is for --batch; here the rest of the config trains"),
        );
    }
    let (colour, cell) = (app.theme.has_colour(), cell_size());
    let ask = cfg!(unix) && images.asks(colour, cell, &variable);
    let (mut guard, heard) = Guard::enter(ask)?;
    app.theme.images = images.settle(colour, cell, &heard, &variable);
    guard.show_pictures(app.theme.images, heard.cell);
    guard.behave(Depth::of(&variable), Status::new(app.ui.progress, &variable), app.ui.mouse)?;
    if matches!(images, Images::Always(wanted) if wanted != app.theme.images) {
        app.complain(match app.theme.has_colour() {
            true => "half blocks for pictures: this terminal does not tell how many pixels a character has",
            false => "half blocks for pictures: there are no others without colour",
        });
    }
    if let Ok((width, height)) = guard.size() {
        update(&mut app, Message::Resize(width, height));
    }
    // A lesson begins by itself.
    if (app.lesson.is_none() || tour == Tour::Always) && tour.begins(variable("DIM_TUI_TOUR").as_deref(), tour::seen_file()) {
        tour::show(&mut app, 0);
    }
    let input = Input::start(&heard, ask)?;
    let left = Loop { app, world, own_file, input, signals, memory: Gauge::default(), drawn: None, dirty: Dirty::Input }
        .turn(&mut guard);
    guard.leave();
    drop(hook);
    let (app, world) = left?;
    Ok(farewell(app, world))
}

/// A variable of the environment that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Joins the trainer and tells on the ordinary screen what there is now.
fn farewell(app: App, world: World) -> i32 {
    let code = app.exit_code();
    if app.ended.is_some() {
        world.join();
    }
    if app.closed {
        return code;
    }
    let mut out = io::stdout();
    let s = &app.live;
    // Nobody may be reading any more.
    if s.step > 0 {
        let _ = writeln!(out, "{} steps, {:.1} epochs in {:.0} s", s.step, s.epoch, s.seconds);
        if let Some(row) = &s.last {
            let _ = writeln!(out, "loss {:.4} at step {}", row.loss, row.step);
        }
        if let Some(row) = &s.probe {
            let _ =
                writeln!(out, "{} (step {}, chance {:.1} %)", super::update::probe_sentence(row), row.step, row.chance * 100.0);
        }
    }
    if !s.facts.run_dir.as_os_str().is_empty() {
        let _ = writeln!(out, "run directory: {}", s.facts.run_dir.display());
    }
    let error = match &app.ended {
        Some(Outcome::Failed(m)) => format!("error: the trainer failed: {m}"),
        Some(Outcome::Refused(m)) => format!("error: {m}"),
        Some(Outcome::Nonfinite(m)) => format!("error: stopped by a non-finite loss: {m}"),
        _ => return code,
    };
    let _ = writeln!(io::stderr(), "{error}");
    code
}

/// The number of the last signal that came, 0 for none; and whether we were told to stop for a while, or to go on.
struct Signals {
    last: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    go_on: Arc<AtomicBool>,
}

impl Signals {
    fn catch() -> io::Result<Self> {
        use signal_hook::{consts, flag};
        let seen = Arc::new(AtomicUsize::new(0));
        for signal in [consts::SIGINT, consts::SIGTERM, consts::SIGHUP] {
            flag::register_usize(signal, seen.clone(), signal as usize)?;
        }
        let (stop, go_on) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        #[cfg(unix)]
        for (signal, seen) in [(consts::SIGTSTP, &stop), (consts::SIGCONT, &go_on)] {
            flag::register(signal, seen.clone())?;
        }
        Ok(Self { last: seen, stop, go_on })
    }

    fn stopped(&self) -> bool {
        self.stop.swap(false, Ordering::Relaxed)
    }

    fn continued(&self) -> bool {
        self.go_on.swap(false, Ordering::Relaxed)
    }

    fn take(&self) -> Option<Message> {
        match self.last.swap(0, Ordering::Relaxed) {
            0 => None,
            n => Some(Message::Signal(n as i32)),
        }
    }
}

/// What stands in for the last word of a trainer that had none.
fn lost() -> Event {
    Event::Ended(Outcome::Failed("the trainer ended without a word".into()))
}

/// Whether, and how soon, the screen must be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dirty {
    No,
    News,
    Input,
}

struct Loop {
    app: App,
    world: World,
    own_file: Option<UiWatch>,
    input: Input,
    signals: Signals,
    memory: Gauge,
    drawn: Option<Instant>,
    dirty: Dirty,
}

impl Loop {
    fn turn(mut self, guard: &mut Guard) -> anyhow::Result<(App, World)> {
        loop {
            let exit = self.wait_and_drain(guard)?;
            if exit {
                return Ok((self.app, self.world));
            }
            if !self.app.closed && self.due() == Some(Duration::ZERO) {
                if guard.draw(&self.app).is_err() {
                    self.take(Message::Closed, guard)?;
                }
                self.drawn = Some(Instant::now());
                self.dirty = Dirty::No;
            }
        }
    }

    /// How long until the next frame; `None` if there is nothing to draw.
    fn due(&self) -> Option<Duration> {
        let gap = match self.dirty {
            Dirty::No => return None,
            Dirty::News => OTHERWISE,
            Dirty::Input => AFTER_INPUT,
        };
        Some(self.drawn.map_or(Duration::ZERO, |t| gap.saturating_sub(t.elapsed())))
    }

    /// Waits for something to happen, at most until the next frame, and carries all of it in. True to leave.
    fn wait_and_drain(&mut self, guard: &mut Guard) -> anyhow::Result<bool> {
        let timeout = self.due().unwrap_or(OTHERWISE).min(OTHERWISE);
        let (input, events) = (self.input.messages.clone(), self.world.session.events.clone());
        // A trainer that has ended leaves a channel that is always ready.
        let events = if self.app.alive() { events } else { never() };
        let input = if self.app.closed { never() } else { input };
        let found = self.world.reader.found.clone();
        let first = select! {
            recv(input) -> message => message.unwrap_or(Message::Closed),
            recv(events) -> event => Message::Trainer(event.unwrap_or_else(|_| lost())),
            recv(found) -> found => match found {
                Ok(found) => Message::Found(found),
                Err(_) => return self.drain(guard),
            },
            default(timeout) => return self.drain(guard),
        };
        if self.take(first, guard)? {
            return Ok(true);
        }
        self.drain(guard)
    }

    fn drain(&mut self, guard: &mut Guard) -> anyhow::Result<bool> {
        let mut exit = false;
        if self.signals.stopped() {
            guard.suspend()?;
            exit |= self.back(guard)?;
        } else if self.signals.continued() {
            // Somebody has stopped us without a word, and the shell has had the terminal meanwhile.
            guard.take_again()?;
            exit |= self.back(guard)?;
        }
        if let Some(signal) = self.signals.take() {
            exit |= self.take(signal, guard)?;
        }
        while !self.app.closed && !exit {
            let Ok(message) = self.input.messages.try_recv() else { break };
            exit |= self.take(message, guard)?;
        }
        while self.app.alive() && !exit {
            let Ok(event) = self.world.session.events.try_recv() else { break };
            exit |= self.take(Message::Trainer(event), guard)?;
        }
        while !exit {
            let Ok(found) = self.world.reader.found.try_recv() else { break };
            exit |= self.take(Message::Found(found), guard)?;
        }
        while let Some(event) = self.world.watch.as_mut().and_then(|w| w.poll()) {
            exit |= self.take(Message::File(event), guard)?;
        }
        while let Some(event) = self.own_file.as_mut().and_then(UiWatch::poll) {
            exit |= self.take(Message::Ui(event), guard)?;
        }
        let saved = self.world.scripts.poll();
        if !saved.is_empty() {
            exit |= self.take(Message::Scripts(saved), guard)?;
        }
        if let Some(mib) = self.memory.poll() {
            exit |= self.take(Message::Memory(mib), guard)?;
        }
        let newest = self.world.session.snapshot.load_full();
        if !Arc::ptr_eq(&newest, &self.app.live) {
            if !Arc::ptr_eq(&newest.scripts, &self.app.live.scripts) {
                self.world.scripts.follow(&newest.scripts);
            }
            exit |= self.take(Message::Snapshot(newest), guard)?;
        }
        Ok(exit)
    }

    /// The terminal is ours again, in whatever size.
    fn back(&mut self, guard: &mut Guard) -> anyhow::Result<bool> {
        self.signals.continued();
        let (width, height) = guard.size()?;
        self.take(Message::Resize(width, height), guard)
    }

    /// One message in, its effects out. True to leave.
    fn take(&mut self, message: Message, guard: &mut Guard) -> anyhow::Result<bool> {
        let input = matches!(message, Message::Key(_) | Message::Mouse(_) | Message::Paste(_) | Message::Resize(..));
        self.dirty = self.dirty.max(if input { Dirty::Input } else { Dirty::News });
        if matches!(message, Message::Trainer(Event::Ended(_))) {
            for text in take_panics() {
                self.app.note(Kind::Error, text);
            }
        }
        let mut effects = VecDeque::from(update(&mut self.app, message));
        while let Some(effect) = effects.pop_front() {
            let answer = match effect {
                Effect::Exit => return Ok(true),
                Effect::Send(command) => {
                    self.world.send(command);
                    continue;
                }
                Effect::Read(ask) => match self.world.reader.ask(ask) {
                    Ok(()) => continue,
                    Err(e) => Message::Done(Done::Failed(format!("other runs cannot be read: {e}"))),
                },
                Effect::Start(config) => self.world.restart(&config, &self.app),
                Effect::Save { path, force, config } => self.world.save(&path, force, &config),
                Effect::WriteBack(edits) => {
                    let config = self.app.next_config();
                    self.world.write_back(&config, &edits)
                }
                Effect::Picture => Message::Done(screenshot::keep(&self.app)),
                Effect::Mouse(on) => {
                    guard.mouse(on)?;
                    continue;
                }
                Effect::Progress(how) => {
                    guard.progress(how, &variable)?;
                    continue;
                }
                Effect::Notify(how, text) => {
                    guard.notify(how, &text)?;
                    continue;
                }
                Effect::KeepLesson { path, text } => match keep_lesson(&path, &text) {
                    Some(failed) => failed,
                    None => continue,
                },
                Effect::Suspend => {
                    guard.suspend()?;
                    self.signals.continued();
                    let (width, height) = guard.size()?;
                    Message::Resize(width, height)
                }
                Effect::Redraw => {
                    guard.clear()?;
                    continue;
                }
            };
            effects.extend(update(&mut self.app, answer));
        }
        Ok(false)
    }
}
