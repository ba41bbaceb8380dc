//! The terminal while the workbench has it: entered and left as one, whatever happens.

use std::{
    io::{self, Write},
    panic,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, ThreadId},
};

use crossterm::{
    cursor,
    event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
    execute,
    terminal::{
        BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{Terminal, backend::CrosstermBackend};

use super::{
    app::App,
    depth::Depth,
    env::Env,
    graphics::{CellSize, Heard, Painter, Protocol, QUESTIONS},
    input,
    status::Status,
    ui::{Notify, Progress},
    view,
};

type Screen = Terminal<CrosstermBackend<io::Stdout>>;

/// Raw mode, alternate screen, mouse capture and bracketed paste; all of them end when this is dropped.
pub struct Guard {
    /// There until the terminal is given back.
    screen: Option<Screen>,
    painter: Painter,
    depth: Depth,
    status: Status,
    mouse: bool,
    entered: bool,
}

/// What takes our pictures off the terminal again: for [`give_back`], which may be called by a panic, without the guard.
static PICTURES_OFF: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// The same for title and progress bar.
static STATUS_OFF: Mutex<String> = Mutex::new(String::new());

impl Guard {
    /// Takes the terminal, and asks it about pictures if told so. If that fails half-way, what was done is undone.
    pub fn enter(ask: bool) -> io::Result<(Self, Heard)> {
        let heard = take(ask)?;
        match Terminal::new(CrosstermBackend::new(io::stdout())) {
            Ok(screen) => {
                let painter = Painter::new(Protocol::HalfBlocks, || None);
                let (depth, status) = (Depth::Full, Status::default());
                Ok((Self { screen: Some(screen), painter, depth, status, mouse: true, entered: true }, heard))
            }
            Err(error) => {
                give_back();
                Err(error)
            }
        }
    }

    /// From now on pictures are shown so; `told` is the size of a character, for a system that does not know it.
    pub fn show_pictures(&mut self, protocol: Protocol, told: Option<CellSize>) {
        self.painter = Painter::new(protocol, move || cell_size().or(told));
    }

    /// From now on with these colours, this much said outside of the screen, and the mouse like this.
    pub fn behave(&mut self, depth: Depth, status: Status, mouse: bool) -> io::Result<()> {
        (self.depth, self.status) = (depth, status);
        self.mouse(mouse)
    }

    /// The mouse is ours, or the terminal's.
    pub fn mouse(&mut self, ours: bool) -> io::Result<()> {
        self.mouse = ours;
        if ours { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
    }

    /// The progress bar from now on.
    pub fn progress(&mut self, how: Progress, env: Env) -> io::Result<()> {
        let text = self.status.turn(how, env);
        *STATUS_OFF.lock().unwrap_or_else(PoisonError::into_inner) = self.status.off();
        io::stdout().write_all(text.as_bytes())?;
        io::stdout().flush()
    }

    /// Rings, or has the terminal say it.
    pub fn notify(&mut self, how: Notify, text: &str) -> io::Result<()> {
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        match how {
            Notify::Off => return Ok(()),
            Notify::Bell => io::stdout().write_all(b"\x07")?,
            Notify::Osc9 => write!(io::stdout(), "\x1b]9;{text}\x07")?,
        }
        io::stdout().flush()
    }

    /// Draws the state in one synchronised update.
    pub fn draw(&mut self, app: &App) -> io::Result<()> {
        let Some(screen) = &mut self.screen else { return Ok(()) };
        execute!(io::stdout(), BeginSynchronizedUpdate)?;
        let (painter, depth) = (&mut self.painter, self.depth);
        let mut pictures = Vec::new();
        let drawn = screen.draw(|frame| {
            // The window may have changed since the last message: what does not match is drawn with the next one.
            let buf = frame.buffer_mut();
            let wanted = view::draw(app, buf);
            pictures = painter.frame(wanted, buf);
            depth.reduce(buf);
        });
        let drawn = drawn.map(|_| ()).and_then(|()| self.send(&pictures)).and_then(|()| self.tell(app));
        execute!(io::stdout(), EndSynchronizedUpdate)?;
        drawn
    }

    /// Title and progress bar.
    fn tell(&mut self, app: &App) -> io::Result<()> {
        let text = self.status.follow(app);
        if text.is_empty() {
            return Ok(());
        }
        *STATUS_OFF.lock().unwrap_or_else(PoisonError::into_inner) = self.status.off();
        io::stdout().write_all(text.as_bytes())
    }

    /// Pictures go over cells that have been drawn.
    fn send(&self, pictures: &[u8]) -> io::Result<()> {
        if pictures.is_empty() {
            return Ok(());
        }
        let mut off = PICTURES_OFF.lock().unwrap_or_else(PoisonError::into_inner);
        off.clear();
        self.painter.off(&mut off);
        io::stdout().write_all(pictures)
    }

    /// Everything is drawn anew with the next frame. (`Terminal::clear` asks the terminal for the cursor's place, and
    /// the answer would have to come through the input that another thread is reading.)
    pub fn clear(&mut self) -> io::Result<()> {
        let mut off = Vec::new();
        self.painter.forget(&mut off);
        io::stdout().write_all(&off)?;
        execute!(io::stdout(), Clear(ClearType::All))?;
        self.screen = Some(Terminal::new(CrosstermBackend::new(io::stdout()))?);
        Ok(())
    }

    /// Columns and rows.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        crossterm::terminal::size()
    }

    /// Gives the terminal back to the shell, stops the process, and takes it again when the shell lets it go on.
    pub fn suspend(&mut self) -> io::Result<()> {
        give_back();
        self.entered = false;
        #[cfg(unix)]
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        self.take_again()
    }

    /// Takes the terminal anew, however it was left.
    pub fn take_again(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.entered) {
            give_back();
        }
        take(false)?;
        self.entered = true;
        self.status.forget();
        self.mouse(self.mouse)?;
        self.clear()
    }

    /// Leaves the terminal as it was found.
    pub fn leave(mut self) {
        self.restore();
    }

    fn restore(&mut self) {
        // Its drop shows the cursor, as we do too, and panics where it cannot: on a terminal that has been closed.
        std::mem::forget(self.screen.take());
        if std::mem::take(&mut self.entered) {
            give_back();
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.restore();
    }
}

fn take(ask: bool) -> io::Result<Heard> {
    enable_raw_mode()?;
    let entered = enter(ask);
    if entered.is_err() {
        give_back();
    }
    entered
}

fn enter(ask: bool) -> io::Result<Heard> {
    execute!(io::stdout(), EnterAlternateScreen, cursor::Hide)?;
    let mut heard = Heard::default();
    if ask {
        // Before the mouse has anything to say, and where what a terminal makes of a question it does not know can be wiped away.
        io::stdout().write_all(QUESTIONS.as_bytes())?;
        io::stdout().flush()?;
        heard = input::answers();
        execute!(io::stdout(), Clear(ClearType::All))?;
    }
    execute!(io::stdout(), EnableMouseCapture, EnableBracketedPaste)?;
    Ok(heard)
}

/// Width and height of a character in pixels, if the system knows.
pub fn cell_size() -> Option<CellSize> {
    let window = crossterm::terminal::window_size().ok()?;
    let size = (window.width.checked_div(window.columns)?, window.height.checked_div(window.rows)?);
    (size.0 > 0 && size.1 > 0).then_some(size)
}

/// The reverse of [`take`], in reverse order. A terminal that is gone cannot be restored, so errors say nothing.
fn give_back() {
    // Whoever panics while it holds the lock leaves the pictures where they are.
    let off = PICTURES_OFF.try_lock().map(|mut off| std::mem::take(&mut *off)).unwrap_or_default();
    let _ = io::stdout().write_all(&off);
    let status = STATUS_OFF.try_lock().map(|mut off| std::mem::take(&mut *off)).unwrap_or_default();
    let _ = io::stdout().write_all(status.as_bytes());
    let _ = execute!(io::stdout(), cursor::Show, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen);
    let _ = disable_raw_mode();
    let _ = io::stdout().flush();
}

type Hook = Arc<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync + 'static>;

/// What threads other than the screen's have panicked with, until someone asks.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// While this lives, a panic of the screen's own thread restores the terminal before it is told; one of any other thread
/// is kept for [`take_panics`], prints nothing and leaves the terminal alone.
pub struct PanicHook {
    screen: ThreadId,
    previous: Hook,
}

impl PanicHook {
    pub fn install() -> Self {
        let screen = thread::current().id();
        let previous: Hook = Arc::from(panic::take_hook());
        let told = previous.clone();
        panic::set_hook(Box::new(move |info| {
            if thread::current().id() == screen {
                give_back();
                told(info);
            } else {
                keep(info);
            }
        }));
        Self { screen, previous }
    }
}

impl Drop for PanicHook {
    fn drop(&mut self) {
        // Hooks cannot be changed while unwinding, and then it is no longer needed.
        if !thread::panicking() && thread::current().id() == self.screen {
            let previous = self.previous.clone();
            panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}

fn keep(info: &panic::PanicHookInfo<'_>) {
    let text = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(|l| format!(" at {}:{}", l.file(), l.line())).unwrap_or_default();
    let name = thread::current().name().unwrap_or("a thread").to_owned();
    let line = format!("{name} panicked{place}: {text}");
    PANICS.lock().unwrap_or_else(PoisonError::into_inner).push(line);
}

/// The panics of other threads since the last call, with their places.
pub fn take_panics() -> Vec<String> {
    std::mem::take(&mut PANICS.lock().unwrap_or_else(PoisonError::into_inner))
}
