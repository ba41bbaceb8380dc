//! A grid of dots over the cells of the plot: 2×4 to a cell in braille and octants, 2×2 in quadrants, one otherwise.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    symbols::pixel::{OCTANTS, QUADRANTS},
};

/// What curves are drawn with; the coarser ones are for fonts without braille, octants for those of Unicode 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Marker {
    #[default]
    Braille,
    Octant,
    Block,
    Dot,
}

impl Marker {
    pub const ALL: [Marker; 4] = [Marker::Braille, Marker::Octant, Marker::Block, Marker::Dot];

    /// As the user's own file calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Braille => "braille",
            Self::Octant => "octant",
            Self::Block => "block",
            Self::Dot => "dot",
        }
    }

    /// Dots per cell, across and down.
    pub fn dots(self) -> (usize, usize) {
        match self {
            Self::Braille | Self::Octant => (2, 4),
            Self::Block => (2, 2),
            Self::Dot => (1, 1),
        }
    }

    /// True if dashes of a few dots can be told apart.
    pub fn is_fine(self) -> bool {
        matches!(self, Self::Braille | Self::Octant)
    }

    /// The bit of the dot at `x`, `y` in its cell: of braille in the order of its Unicode block, of the others row by row.
    fn bit(self, x: usize, y: usize) -> u8 {
        match self {
            Self::Braille => [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]][x][y],
            Self::Octant | Self::Block => 1 << (2 * y + x),
            Self::Dot => 1,
        }
    }

    /// The bits of a column of dots in a cell, for each set of them (the lowest bit on top).
    fn stacks(self) -> [[u8; 16]; 2] {
        let (across, down) = self.dots();
        let mut stacks = [[0; 16]; 2];
        for (x, stack) in stacks.iter_mut().enumerate().take(across) {
            for (set, bits) in stack.iter_mut().enumerate() {
                *bits = (0..down).filter(|y| set >> y & 1 == 1).fold(0, |bits, y| bits | self.bit(x, y));
            }
        }
        stacks
    }

    fn glyph(self, bits: u8) -> char {
        match self {
            Self::Braille => char::from_u32(0x2800 + u32::from(bits)).unwrap_or(' '),
            Self::Octant => OCTANTS[usize::from(bits)],
            Self::Block => QUADRANTS[usize::from(bits % 16)],
            Self::Dot => '•',
        }
    }
}

/// Dots in a word.
const WORD: usize = u64::BITS as usize;

/// One curve's dots, before they are laid over the others: column by column, 64 to a word.
#[derive(Debug, Clone)]
pub struct Bitmap {
    pub width: usize,
    pub height: usize,
    /// Words of a column.
    words: usize,
    set: Vec<u64>,
}

impl Bitmap {
    pub fn new(width: usize, height: usize) -> Self {
        let words = height.div_ceil(WORD);
        Self { width, height, words, set: vec![0; width * words] }
    }

    fn column(&self, x: usize) -> &[u64] {
        &self.set[x * self.words..(x + 1) * self.words]
    }

    /// Sets the dots of column `x` from row `a` to row `b` (either way round), as far as they are on the grid.
    pub fn bar(&mut self, x: usize, a: i64, b: i64) {
        let (top, bottom) = (a.min(b).max(0), a.max(b).min(self.height as i64 - 1));
        if x >= self.width || top > bottom {
            return;
        }
        let (top, bottom) = (top as usize, bottom as usize);
        for word in top / WORD..=bottom / WORD {
            let from = top.max(word * WORD) % WORD;
            let to = bottom.min((word + 1) * WORD - 1) % WORD;
            self.set[x * self.words + word] |= (u64::MAX >> (WORD - 1 - to)) & (u64::MAX << from);
        }
    }

    /// Highest and lowest dot of column `x`.
    pub fn extent(&self, x: usize) -> Option<(usize, usize)> {
        let column = self.column(x);
        let first = column.iter().position(|word| *word != 0)?;
        let last = column.iter().rposition(|word| *word != 0)?;
        let top = first * WORD + column[first].trailing_zeros() as usize;
        Some((top, last * WORD + WORD - 1 - column[last].leading_zeros() as usize))
    }

    pub fn clear_column(&mut self, x: usize) {
        self.set[x * self.words..(x + 1) * self.words].fill(0);
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
    stacks: [[u8; 16]; 2],
    spots: Vec<Spot>,
}

impl Canvas {
    pub fn new(area: Rect, marker: Marker) -> Self {
        let spots = vec![Spot::default(); usize::from(area.width) * usize::from(area.height)];
        Self { area, marker, stacks: marker.stacks(), spots }
    }

    /// Lays a curve over what is there. Where curves of one rank share a cell the dots of all stay and the last gives
    /// the colour (a cell has only one); a curve of higher rank clears the cell, so that a band behind it does not fray it.
    pub fn lay(&mut self, bitmap: &Bitmap, style: Style, rank: u8) {
        let (across, down) = self.marker.dots();
        let cells = WORD / down;
        for left in 0..usize::from(self.area.width) {
            let columns = left * across..(left * across + across).min(bitmap.width);
            for word in 0..bitmap.words {
                let stacks = columns.clone().map(|x| bitmap.column(x)[word]);
                let any = stacks.clone().fold(0, |any, word| any | word);
                if any == 0 {
                    continue;
                }
                let (first, last) = (any.trailing_zeros() as usize / down, (WORD - 1 - any.leading_zeros() as usize) / down);
                for cell in first..=last {
                    let set = |word: u64| (word >> (cell * down)) as usize & ((1 << down) - 1);
                    let found = stacks.clone().zip(&self.stacks).fold(0, |bits, (word, stack)| bits | stack[set(word)]);
                    let Some(spot) = self.spots.get_mut((word * cells + cell) * usize::from(self.area.width) + left) else {
                        continue;
                    };
                    if found != 0 {
                        let bits = if spot.rank < rank { 0 } else { spot.bits };
                        *spot = Spot { bits: bits | found, style, rank };
                    }
                }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use unicode_width::UnicodeWidthChar;

    use super::*;

    /// What a bitmap looks like in a marker's characters.
    fn drawn(marker: Marker, dots: &[(usize, i64, i64)], (width, height): (u16, u16)) -> Vec<String> {
        let (across, down) = marker.dots();
        let mut map = Bitmap::new(usize::from(width) * across, usize::from(height) * down);
        dots.iter().for_each(|&(x, a, b)| map.bar(x, a, b));
        let area = Rect::new(0, 0, width, height);
        let mut canvas = Canvas::new(area, marker);
        canvas.lay(&map, Style::new(), 1);
        let mut buf = Buffer::empty(area);
        canvas.draw(&mut buf);
        (0..height).map(|y| (0..width).map(|x| buf[(x, y)].symbol()).collect()).collect()
    }

    #[test]
    fn each_marker_has_a_character_of_one_cell_for_every_set_of_dots() {
        for marker in Marker::ALL {
            let (across, down) = marker.dots();
            let sets = 1..=(((1u32 << (across * down)) - 1) as u8);
            let all: BTreeSet<char> = sets.clone().map(|bits| marker.glyph(bits)).collect();
            assert_eq!(all.len(), sets.len(), "{marker:?}: no two sets look the same");
            assert!(all.iter().all(|c| c.width() == Some(1) && *c != ' '), "{marker:?}");
        }
    }

    #[test]
    fn a_dot_is_where_it_was_set() {
        let falling = |n: usize| (0..n).map(|i| (i, i as i64, i as i64)).collect::<Vec<_>>();
        assert_eq!(drawn(Marker::Braille, &falling(4), (2, 1)), ["⠑⢄"]);
        assert_eq!(drawn(Marker::Block, &falling(4), (2, 2)), ["▚ ", " ▚"]);
        assert_eq!(drawn(Marker::Dot, &falling(2), (2, 2)), ["• ", " •"]);
        // The upper left and the lower right eighth; a whole left half; the upper three quarters.
        assert_eq!(drawn(Marker::Octant, &[(0, 0, 0)], (1, 1)), ["\u{1cea8}"]);
        assert_eq!(drawn(Marker::Octant, &[(1, 3, 3)], (1, 1)), ["\u{1cea0}"]);
        assert_eq!(drawn(Marker::Octant, &[(0, 0, 3)], (1, 1)), ["▌"]);
        assert_eq!(drawn(Marker::Octant, &[(0, 0, 2), (1, 2, 0)], (1, 1)), ["\u{1fb85}"]);
    }

    #[test]
    fn a_bar_may_be_longer_than_a_word_and_reach_beyond_the_grid() {
        let mut map = Bitmap::new(1, 150);
        map.bar(0, 60, 140);
        assert_eq!(map.extent(0), Some((60, 140)));
        map.bar(0, -9, 999);
        assert_eq!(map.extent(0), Some((0, 149)));
        map.bar(7, 0, 9);
        map.clear_column(0);
        assert_eq!(map.extent(0), None);
        let tall = drawn(Marker::Braille, &[(0, 3, 260)], (1, 66));
        assert_eq!((tall[0].as_str(), tall[30].as_str(), tall[65].as_str()), ("⡀", "⡇", "⠁"));
        assert!(tall[1..65].iter().all(|cell| cell == "⡇"));
    }
}
