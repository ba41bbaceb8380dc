//! Which protocol is in force: decided once, when the workbench opens.

use super::{CellSize, Heard, Protocol};
use crate::tui::env::{Env, is_between};

/// What the user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Images {
    /// The best that the terminal says it can.
    #[default]
    Auto,
    Always(Protocol),
}

/// Kinds of terminal that are not worth a question: tmux and screen, what has no escape sequences, the Linux console.
const MUTE: [&str; 4] = ["tmux", "screen", "dumb", "linux"];
/// Who says by name that it shows inline images in the manner of iTerm2. They answer for kitty's protocol or sixel as well, and
/// do those less well.
const INLINE: [(&str, &str); 3] = [("TERM_PROGRAM", "iTerm.app"), ("TERM_PROGRAM", "WezTerm"), ("LC_TERMINAL", "iTerm2")];

impl Images {
    /// Whether the answers of the terminal make a difference. `cell` is the size of a character as the system has it.
    pub fn asks(self, colour: bool, cell: Option<CellSize>, env: Env) -> bool {
        match self {
            Images::Auto => colour && is_worth_a_question(env),
            Images::Always(protocol) => colour && protocol == Protocol::Sixel && cell.is_none(),
        }
    }

    /// The protocol in force. Without colour there are no pictures, and without the size of a character no sixel.
    pub fn settle(self, colour: bool, cell: Option<CellSize>, heard: &Heard, env: Env) -> Protocol {
        let has_cell = cell.or(heard.cell).is_some();
        let wanted = match self {
            Images::Always(protocol) => protocol,
            Images::Auto if !heard.complete => Protocol::HalfBlocks,
            Images::Auto if INLINE.iter().any(|(name, value)| env(name).as_deref() == Some(value)) => Protocol::Iterm2,
            Images::Auto if heard.kitty => Protocol::Kitty,
            Images::Auto if heard.sixel => Protocol::Sixel,
            Images::Auto => Protocol::HalfBlocks,
        };
        if !colour || (wanted == Protocol::Sixel && !has_cell) { Protocol::HalfBlocks } else { wanted }
    }
}

fn is_worth_a_question(env: Env) -> bool {
    let term = env("TERM").unwrap_or_default();
    !term.is_empty() && !MUTE.iter().any(|kind| term.starts_with(kind)) && !is_between(env)
}
