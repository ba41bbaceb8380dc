//! What can happen to the workbench, and what it can ask of the world.

use std::{path::PathBuf, sync::Arc};

use crossterm::event::{KeyEvent, MouseEvent};
use toml::Value;

use super::{
    lesson::Lesson,
    runs::{Ask, Found},
    ui::{Notify, Progress, UiEvent},
};
use crate::{
    config::{Change, Config, FileEvent},
    train::{Command, Event, History, Snapshot},
};

/// Everything that changes the state comes as one of these.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "messages are few, short-lived and never stored")]
pub enum Message {
    Key(KeyEvent),
    Mouse(MouseEvent),
    Paste(String),
    Resize(u16, u16),
    /// From the trainer, in order.
    Trainer(Event),
    /// A newer state of the trainer.
    Snapshot(Arc<Snapshot>),
    /// The watched config file was saved.
    File(FileEvent),
    /// The user's own file was saved.
    Ui(UiEvent),
    /// Scripts in force were saved: these keys ask for them anew.
    Scripts(Vec<Change>),
    /// Something of other runs has been read.
    Found(Found),
    /// The process holds so many MiB of memory.
    Memory(u64),
    /// The process was sent signal n.
    Signal(i32),
    /// The terminal is gone: nobody sees the screen any more.
    Closed,
    /// What became of an [`Effect`].
    Done(Done),
}

/// The answer to an effect.
#[derive(Debug, Clone)]
pub enum Done {
    /// The config was saved and the file is watched from now on; `content` is what the file says.
    Saved { path: PathBuf, content: Box<Config> },
    /// The run's values were written into the watched file.
    WroteBack { content: Box<Config> },
    /// A new training thread runs.
    Started {
        snapshot: Arc<Snapshot>,
        history: Arc<History>,
        /// The lesson that was taken beside the run whose checkpoint it begins with, or why that cannot be had.
        lesson: Option<Result<Box<Lesson>, String>>,
    },
    /// It could not be done, in one sentence.
    Failed(String),
    /// Something worth a line in the log.
    Note(String),
}

/// What the update asks for; carried out by the event loop.
#[derive(Debug, Clone)]
pub enum Effect {
    Send(Command),
    /// Read something of other runs; the answers come as [`Message::Found`].
    Read(Ask),
    /// Join the ended trainer and start a new run with this configuration.
    Start(Box<Config>),
    /// Save this configuration to the file and begin to watch it. A file that is there already needs `force`: then only
    /// the values that differ are changed in it.
    Save {
        path: PathBuf,
        force: bool,
        config: Box<Config>,
    },
    /// Write these values into the watched file.
    WriteBack(Vec<(String, Value)>),
    /// Keep in the run directory where the reader of a lesson is.
    KeepLesson {
        path: PathBuf,
        text: String,
    },
    /// Ctrl-Z.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Write the screen as a picture into the run directory.
    Picture,
    /// The mouse is ours (true) or the terminal's.
    Mouse(bool),
    /// The terminal's progress bar from now on.
    Progress(Progress),
    /// Tell somebody who looks elsewhere.
    Notify(Notify, String),
    /// Leave the screen.
    Exit,
}
