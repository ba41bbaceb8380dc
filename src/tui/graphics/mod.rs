//! Real pictures in terminals that can show them; half blocks everywhere else.
//!
//! A view always draws its pictures as cells (`view/picture.rs`) and hands back what a real picture in their place would show:
//! [`Picture`]s. So screenshots, tests and terminals without graphics need nothing from here. The [`Painter`] compares the
//! pictures of this frame with what is on the terminal and says which bytes make the difference; what the bytes look
//! like is a [`Format`], one file each. Nothing here knows the workbench's state, and nothing but `term.rs` writes the bytes.

mod ask;
mod choice;
mod iterm2;
mod kitty;
mod painter;
mod sixel;
#[cfg(test)]
mod tests;

use ratatui::{buffer::Buffer, layout::Rect};

pub use ask::{Heard, QUESTIONS, hear};
pub use choice::Images;
pub use painter::Painter;

/// The cell that a picture leaves wherever it is drawn: anything else there covers it.
pub const HALF_BLOCK: &str = "▀";

/// Width and height of a character in pixels.
pub type CellSize = (u16, u16);

/// How pictures reach the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    #[default]
    HalfBlocks,
    Kitty,
    Iterm2,
    Sixel,
}

impl Protocol {
    /// True if the terminal is sent pixels.
    pub fn is_real(self) -> bool {
        self != Protocol::HalfBlocks
    }

    /// What writes it; none where half blocks are all there is.
    fn format(self, cell: Option<CellSize>) -> Option<Box<dyn Format>> {
        match self {
            Protocol::HalfBlocks => None,
            Protocol::Kitty => Some(Box::new(kitty::Kitty::default())),
            Protocol::Iterm2 => Some(Box::new(iterm2::Iterm2)),
            Protocol::Sixel => cell.map(|cell| Box::new(sixel::Sixel { cell }) as Box<dyn Format>),
        }
    }
}

/// A picture and the cells it fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    pub area: Rect,
    /// Pixels across and down.
    pub width: usize,
    pub height: usize,
    /// Red, green, blue of each pixel, row by row.
    pub rgb: Vec<u8>,
}

impl Picture {
    /// True if nothing has been drawn over its cells.
    pub fn is_uncovered(&self, buf: &Buffer) -> bool {
        self.area.positions().all(|at| buf.cell(at).is_some_and(|cell| cell.symbol() == HALF_BLOCK))
    }
}

/// One way to put pictures on a terminal. The cursor is at the top left cell of the picture's area.
trait Format {
    /// Appends what shows the picture, under a number that no other picture on the screen has.
    fn show(&mut self, picture: &Picture, place: u32, out: &mut Vec<u8>);

    /// Appends what takes it away, where drawing its cells anew does not.
    fn hide(&mut self, _place: u32, _out: &mut Vec<u8>) {}

    /// Appends what takes everything away that was ever sent.
    fn off(&self, _out: &mut Vec<u8>) {}
}
