//! The workbench from outside: messages in, what the trainer is sent and what the screen says out. No trainer runs here.

mod around;
mod charts;
mod clicks;
mod data;
mod doctor;
mod explain;
mod flows;
mod foot;
mod header;
mod help;
mod lesson;
mod log;
mod look;
mod palette;
mod probes;
mod representation;
mod robust;
mod runs;
mod screen;
mod tour;
mod travel;

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::buffer::Buffer;

use super::{
    app::App,
    draw_to_buffer,
    message::{Effect, Message},
    theme::Theme,
    update::update,
};
use crate::{
    config::{Change, Config},
    record::{Accuracy, KnnAccuracy, LinearAccuracy, PerTerm, ProbeRow},
    train::{Command, Event, Phase, Session, Snapshot, session::Link},
};

/// An app with a session that nobody serves: the test is the trainer.
struct Bench {
    app: App,
    session: Session,
    link: Link,
}

impl Bench {
    fn new() -> Self {
        Self::with(Config { optim: crate::config::Optim { lr: 1e-3, ..Default::default() }, ..Config::default() })
    }

    fn with(config: Config) -> Self {
        let (session, link) = Session::pair(&config);
        let app = App::new(Theme::colour(), session.snapshot.load_full(), session.history.clone(), None);
        let mut bench = Self { app, session, link };
        bench.publish(|s| s.phase = Phase::Training);
        bench
    }

    /// The trainer publishes a changed state, and the loop carries it in.
    fn publish(&mut self, change: impl FnOnce(&mut Snapshot)) {
        let mut next = (*self.session.snapshot.load_full()).clone();
        change(&mut next);
        self.link.snapshot.store(Arc::new(next));
        self.send(Message::Snapshot(self.session.snapshot.load_full()));
    }

    /// One message; commands reach the trainer's end, the other effects come back.
    fn send(&mut self, message: Message) -> Vec<Effect> {
        let mut others = Vec::new();
        for effect in update(&mut self.app, message) {
            match effect {
                Effect::Send(command) => self.session.commands.send(command).unwrap(),
                other => others.push(other),
            }
        }
        others
    }

    fn event(&mut self, event: Event) -> Vec<Effect> {
        self.send(Message::Trainer(event))
    }

    fn key(&mut self, code: KeyCode) -> Vec<Effect> {
        self.send(Message::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn mouse(&mut self, kind: MouseEventKind, (column, row): (u16, u16), modifiers: KeyModifiers) -> Vec<Effect> {
        self.send(Message::Mouse(MouseEvent { kind, column, row, modifiers }))
    }

    fn click(&mut self, at: (u16, u16)) -> Vec<Effect> {
        self.mouse(MouseEventKind::Down(MouseButton::Left), at, KeyModifiers::NONE)
    }

    fn wheel(&mut self, up: bool, at: (u16, u16)) -> Vec<Effect> {
        let kind = if up { MouseEventKind::ScrollUp } else { MouseEventKind::ScrollDown };
        self.mouse(kind, at, KeyModifiers::NONE)
    }

    fn type_text(&mut self, text: &str) -> Vec<Effect> {
        text.chars().flat_map(|c| self.key(KeyCode::Char(c))).collect()
    }

    /// A whole command line.
    fn command(&mut self, line: &str) -> Vec<Effect> {
        self.type_text(&format!(":{line}"));
        self.key(KeyCode::Enter)
    }

    /// What the trainer was told since the last call.
    fn told(&self) -> Vec<Command> {
        self.link.commands.try_iter().collect()
    }

    /// The one request that the trainer was told of.
    fn request(&self) -> (u64, Vec<Change>) {
        match &self.told()[..] {
            [Command::Apply { id, changes }] => (*id, changes.clone()),
            other => panic!("expected one request, not {other:?}"),
        }
    }

    /// The trainer accepts: publishes the config with the changes in it, then says so.
    fn accept(&mut self, id: u64, changes: &[Change]) {
        let edits: Vec<_> = changes.iter().map(|c| (c.key.clone(), c.to.clone())).collect();
        self.publish(|s| s.config = Arc::new(s.config.with(&edits).unwrap()));
        let step = self.app.live.step + 1;
        self.event(Event::Ack { id, step, outcome: Ok(()) });
        self.publish(|s| s.step += 1);
    }

    fn screen(&self, width: u16, height: u16) -> String {
        text(&draw_to_buffer(&self.app, width, height))
    }
}

/// A probe after this step.
pub fn probe_row(step: u64) -> ProbeRow {
    let accuracy = Accuracy { linear: LinearAccuracy { conv: 0.62, fc: 0.55, y: 0.47 }, knn: KnnAccuracy { y: 0.49 } };
    ProbeRow {
        step,
        accuracy,
        chance: 0.1,
        mi_heldout: PerTerm { global: None, local: Some(0.9) },
        mi_guaranteed: PerTerm::default(),
        pixels: None,
        confusion: None,
        factors: Vec::new(),
        histograms: Vec::new(),
        seconds: 0.4,
    }
}

/// The characters of a frame, row by row.
fn text(buf: &Buffer) -> String {
    let mut out = String::new();
    for y in 0..buf.area.height {
        for x in 0..buf.area.width {
            out.push_str(buf[(x, y)].symbol());
        }
        out.push('\n');
    }
    out
}

/// The row of the screen that holds `part`.
fn row<'a>(screen: &'a str, part: &str) -> &'a str {
    screen.lines().find(|l| l.contains(part)).unwrap_or_else(|| panic!("no row with '{part}' in\n{screen}"))
}
