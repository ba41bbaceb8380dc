//! A grid of dots over the cells of the plot: 2×4 to a cell in braille, 1×2 in half blocks, one otherwise.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

/// What curves are drawn with; the coarser ones are for fonts without braille.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Marker {
    #[default]
    Braille,
    Block,
    Dot,
}

impl Marker {
    /// Dots per cell, across and down.
    pub fn dots(self) -> (usize, usize) {
        match self {
            Self::Braille => (2, 4),
            Self::Block => (1, 2),
            Self::Dot => (1, 1),
        }
    }

    /// The bit of the dot at `x`, `y` in its cell, in the order of the Unicode braille block.
    fn bit(self, x: usize, y: usize) -> u8 {
        match self {
            Self::Braille => [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]][x][y],
            Self::Block => 1 << y,
            Self::Dot => 1,
        }
    }

    fn glyph(self, bits: u8) -> char {
        match self {
            Self::Braille => char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' '),
            Self::Block => ['▀', '▄', '█'][usize::from(bits.clamp(1, 3)) - 1],
            Self::Dot => '•',
        }
    }
}

/// One curve's dots, before they are laid over the others.
#[derive(Debug, Clone)]
pub struct Bitmap {
    pub width: usize,
    pub height: usize,
    set: Vec<bool>,
}

impl Bitmap {
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, height, set: vec![false; width * height] }
    }

    /// Sets the dots of column `x` from row `a` to row `b` (either way round), as far as they are on the grid.
    pub fn bar(&mut self, x: usize, a: i64, b: i64) {
        let (top, bottom) = (a.min(b).max(0), a.max(b).min(self.height as i64 - 1));
        if x < self.width {
            for y in top..=bottom {
                self.set[y as usize * self.width + x] = true;
            }
        }
    }

    pub fn get(&self, x: usize, y: usize) -> bool {
        self.set[y * self.width + x]
    }

    /// Highest and lowest dot of column `x`.
    pub fn extent(&self, x: usize) -> Option<(usize, usize)> {
        let top = (0..self.height).find(|&y| self.get(x, y))?;
        let bottom = (0..self.height).rev().find(|&y| self.get(x, y))?;
        Some((top, bottom))
    }

    pub fn clear_column(&mut self, x: usize) {
        for y in 0..self.height {
            self.set[y * self.width + x] = false;
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Spot {
    bits: u8,
    style: Style,
    rank: u8,
}

/// The dots of all curves of a plot.
#[derive(Debug)]
pub struct Canvas {
    area: Rect,
    marker: Marker,
    spots: Vec<Spot>,
}

impl Canvas {
    pub fn new(area: Rect, marker: Marker) -> Self {
        Self { area, marker, spots: vec![Spot::default(); usize::from(area.width) * usize::from(area.height)] }
    }

    /// Lays a curve over what is there. Where curves of one rank share a cell the dots of all stay and the last gives
    /// the colour (a cell has only one); a curve of higher rank clears the cell, so that a band behind it does not fray it.
    pub fn lay(&mut self, bitmap: &Bitmap, style: Style, rank: u8) {
        let (across, down) = self.marker.dots();
        for y in 0..bitmap.height {
            for x in (0..bitmap.width).filter(|&x| bitmap.get(x, y)) {
                let spot = &mut self.spots[y / down * usize::from(self.area.width) + x / across];
                let bits = if spot.rank < rank { 0 } else { spot.bits };
                *spot = Spot { bits: bits | self.marker.bit(x % across, y % down), style, rank };
            }
        }
    }

    pub fn draw(&self, buf: &mut Buffer) {
        for (position, spot) in self.area.positions().zip(&self.spots).filter(|(_, s)| s.bits != 0) {
            if let Some(cell) = buf.cell_mut(position) {
                cell.reset();
                cell.set_char(self.marker.glyph(spot.bits)).set_style(spot.style);
            }
        }
    }
}
