//! What is on the terminal, and what has to be sent so that it becomes what this frame wants.

use ratatui::{
    buffer::{Buffer, CellDiffOption},
    layout::Rect,
};

use super::{CellSize, Format, Picture, Protocol};

/// Sends every picture once, for as long as it stays where and what it is.
pub struct Painter {
    protocol: Protocol,
    /// Asked again whenever the screen has another size: the font may have changed.
    cell: Box<dyn Fn() -> Option<CellSize>>,
    format: Option<Box<dyn Format>>,
    /// With the number of each.
    shown: Vec<(u32, Picture)>,
    screen: Rect,
}

impl Painter {
    pub fn new(protocol: Protocol, cell: impl Fn() -> Option<CellSize> + 'static) -> Self {
        Self { protocol, cell: Box::new(cell), format: None, shown: Vec::new(), screen: Rect::default() }
    }

    /// What is to be sent after the cells of `buf`; nothing if nothing has changed. The cells of pictures that go are marked, so
    /// that they are drawn even if they are the same as in the last frame: some terminals keep a picture until then.
    pub fn frame(&mut self, wanted: Vec<Picture>, buf: &mut Buffer) -> Vec<u8> {
        let mut out = Vec::new();
        if buf.area != self.screen {
            self.forget(&mut out);
            self.screen = buf.area;
            self.format = self.protocol.format((self.cell)());
        }
        let Some(format) = &mut self.format else { return out };
        let (mut kept, gone): (Vec<_>, Vec<_>) = self.shown.drain(..).partition(|(_, p)| wanted.contains(p));
        for (place, picture) in gone {
            format.hide(place, &mut out);
            for at in picture.area.intersection(buf.area).positions() {
                buf[at].set_diff_option(CellDiffOption::AlwaysUpdate);
            }
        }
        for picture in wanted {
            if kept.iter().any(|(_, p)| *p == picture) {
                continue;
            }
            let place = (1..).find(|n| kept.iter().all(|(taken, _)| taken != n)).unwrap_or(u32::MAX);
            out.extend(format!("\x1b[{};{}H", picture.area.y + 1, picture.area.x + 1).into_bytes());
            format.show(&picture, place, &mut out);
            kept.push((place, picture));
        }
        self.shown = kept;
        out
    }

    /// Takes everything off and begins anew: the screen is about to be cleared.
    pub fn forget(&mut self, out: &mut Vec<u8>) {
        self.off(out);
        self.shown.clear();
        self.format = self.protocol.format((self.cell)());
    }

    /// Appends what takes everything off that was sent.
    pub fn off(&self, out: &mut Vec<u8>) {
        if let Some(format) = &self.format {
            format.off(out);
        }
    }
}
