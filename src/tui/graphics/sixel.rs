//! Sixel, the graphics of DEC's VT340 (<https://vt100.net/docs/vt3xx-gp/chapter14.html>): bands of six rows of pixels, colour by
//! colour. It knows pixels only, so one must know how many a character has. It lies in the cells, and goes when they are
//! drawn anew.

use super::{CellSize, Format, Picture};

/// Levels of red, green and blue: 252 colours, of which every terminal with sixel has room for 256.
const LEVELS: [usize; 3] = [6, 7, 6];
/// Ordered dithering, in sixteenths (Bayer 1973).
const BAYER: [[usize; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];

pub struct Sixel {
    pub cell: CellSize,
}

impl Format for Sixel {
    fn show(&mut self, picture: &Picture, _place: u32, out: &mut Vec<u8>) {
        let size = |cells: u16, pixels: u16| usize::from(cells) * usize::from(pixels);
        let (width, height) = (size(picture.area.width, self.cell.0), size(picture.area.height, self.cell.1));
        let colours = colours(picture, width, height);
        // Square pixels; what is not set keeps its colour.
        out.extend(format!("\x1bP0;1;0q\"1;1;{width};{height}").into_bytes());
        for colour in used(&colours) {
            let [r, g, b] = percent(colour);
            out.extend(format!("#{colour};2;{r};{g};{b}").into_bytes());
        }
        for band in colours.chunks(6 * width.max(1)) {
            for colour in used(band) {
                out.extend(format!("#{colour}").into_bytes());
                let bits = |x: usize| (0..6).filter(|y| band.get(y * width + x) == Some(&colour)).map(|y| 1u8 << y).sum::<u8>();
                run_lengths((0..width).map(bits), out);
                out.push(b'$');
            }
            out.push(b'-');
        }
        out.extend(b"\x1b\\");
    }
}

/// The number of a colour for each of `width` × `height` pixels: the picture enlarged or shrunk, each as the nearest one of it.
fn colours(picture: &Picture, width: usize, height: usize) -> Vec<u8> {
    let pixel = |x: usize, y: usize| {
        let (column, row) = (x * picture.width / width, y * picture.height / height);
        let rgb = &picture.rgb[3 * (row * picture.width + column)..][..3];
        let level = |channel: usize| {
            let share = usize::from(rgb[channel]) * (LEVELS[channel] - 1) * 16 / 255;
            (share + BAYER[y % 4][x % 4]) / 16
        };
        // Below 252.
        ((level(0) * LEVELS[1] + level(1)) * LEVELS[2] + level(2)) as u8
    };
    let pixel = &pixel;
    (0..height).flat_map(|y| (0..width).map(move |x| pixel(x, y))).collect()
}

/// Which colours some pixels have, ascending.
fn used(pixels: &[u8]) -> Vec<u8> {
    let mut seen = [false; 256];
    pixels.iter().for_each(|c| seen[usize::from(*c)] = true);
    (0..=u8::MAX).filter(|c| seen[usize::from(*c)]).collect()
}

/// Red, green and blue of a colour's number, in per cent as sixel has them.
fn percent(colour: u8) -> [usize; 3] {
    let colour = usize::from(colour);
    let levels = [colour / (LEVELS[1] * LEVELS[2]), colour / LEVELS[2] % LEVELS[1], colour % LEVELS[2]];
    [0, 1, 2].map(|i| (100 * levels[i] + (LEVELS[i] - 1) / 2) / (LEVELS[i] - 1))
}

/// Six bits a character; more than three of a kind as `!count`.
fn run_lengths(bits: impl Iterator<Item = u8>, out: &mut Vec<u8>) {
    let mut bits = bits.peekable();
    while let Some(six) = bits.next() {
        let mut count = 1;
        while bits.next_if_eq(&six).is_some() {
            count += 1;
        }
        let character = b'?' + six;
        if count > 3 {
            out.extend(format!("!{count}").into_bytes());
            out.push(character);
        } else {
            out.extend(std::iter::repeat_n(character, count));
        }
    }
}
