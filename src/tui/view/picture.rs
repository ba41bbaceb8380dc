//! Small pictures in a terminal: half blocks in colour, or a ramp of densities where there is none. Where the theme has real
//! pictures, the pixels are handed back as well, to be shown over the half blocks.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Style},
};

use crate::{
    train::Pictures,
    tui::{
        graphics::{HALF_BLOCK, Picture},
        theme::Theme,
    },
};

/// Least pixels a side of a heat map: terminals smooth what they enlarge, and a place should look like one.
const HEAT_PIXELS: usize = 32;
const RAMP: [&str; 5] = [" ", "░", "▒", "▓", "█"];
/// Low, middle, high: told apart by the colour-blind, and by lightness (blue, white, orange of Okabe and Ito).
const HEAT: [(f32, f32, f32); 3] = [(0.0, 114.0, 178.0), (245.0, 245.0, 245.0), (230.0, 120.0, 0.0)];

/// Draws image `i` over all of `area`; a cell is two places, one above the other.
pub fn image(theme: &Theme, pictures: &Pictures, i: usize, area: Rect, buf: &mut Buffer) -> Option<Picture> {
    let bytes = pictures.image(i);
    let (w, h) = (pictures.width, pictures.height);
    if bytes.is_empty() || area.is_empty() {
        return None;
    }
    let plane = |c: usize| &bytes[c.min(pictures.channels - 1) * w * h..][..w * h];
    let planes = [plane(0), plane(1), plane(2)];
    let at = |x: u16, y: u16| planes.map(|p| mean(p, w, h, (x, y), (area.width, 2 * area.height)));
    fill(theme, area, buf, |x, y| {
        let [r, g, b] = at(x, y);
        (Color::Rgb(r as u8, g as u8, b as u8), (0.299 * r + 0.587 * g + 0.114 * b) / 255.0)
    });
    theme.has_pictures().then(|| Picture {
        area,
        width: w,
        height: h,
        rgb: (0..w * h).flat_map(|at| planes.map(|p| p[at])).collect(),
    })
}

/// Draws M×M values from low to high over all of `area`.
pub fn heat(
    theme: &Theme,
    values: &[f32],
    side: usize,
    (low, high): (f32, f32),
    area: Rect,
    buf: &mut Buffer,
) -> Option<Picture> {
    if values.len() < side * side || side == 0 || area.is_empty() {
        return None;
    }
    let share = |at: usize| ((values[at] - low) / (high - low).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
    fill(theme, area, buf, |x, y| {
        let (column, row) =
            (usize::from(x) * side / usize::from(area.width), usize::from(y) * side / usize::from(2 * area.height));
        let share = share(row * side + column);
        let [r, g, b] = between(share);
        (Color::Rgb(r, g, b), share)
    });
    theme.has_pictures().then(|| {
        let each = HEAT_PIXELS.div_ceil(side);
        let n = each * side;
        let pixels = (0..n * n).map(|at| (at / n / each) * side + at % n / each);
        Picture { area, width: n, height: n, rgb: pixels.flat_map(|at| between(share(at))).collect() }
    })
}

/// The mean of the bytes of a plane under place (x, y) of a grid.
fn mean(plane: &[u8], w: usize, h: usize, (x, y): (u16, u16), (columns, rows): (u16, u16)) -> f32 {
    let span = |at: u16, of: u16, n: usize| {
        let from = usize::from(at) * n / usize::from(of);
        from..(usize::from(at + 1) * n).div_ceil(usize::from(of)).clamp(from + 1, n.max(from + 1))
    };
    let (across, down) = (span(x, columns, w), span(y, rows, h));
    let count = (across.len() * down.len()) as f32;
    down.flat_map(|r| across.clone().map(move |c| f32::from(plane[r * w + c]))).sum::<f32>() / count
}

fn between(share: f32) -> [u8; 3] {
    let (from, to, t) = if share < 0.5 { (HEAT[0], HEAT[1], 2.0 * share) } else { (HEAT[1], HEAT[2], 2.0 * share - 1.0) };
    let mix = |a: f32, b: f32| (a + (b - a) * t) as u8;
    [mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2)]
}

/// Every cell from the colours of its upper and lower half, or from their lightness.
fn fill(theme: &Theme, area: Rect, buf: &mut Buffer, at: impl Fn(u16, u16) -> (Color, f32)) {
    for (x, y) in (0..area.height).flat_map(|y| (0..area.width).map(move |x| (x, y))) {
        let ((upper, light), (lower, other)) = (at(x, 2 * y), at(x, 2 * y + 1));
        let Some(cell) = buf.cell_mut((area.x + x, area.y + y)) else { continue };
        if theme.has_colour() {
            cell.set_symbol(HALF_BLOCK).set_style(Style::new().fg(upper).bg(lower));
        } else {
            let step = (0.5 * (light + other) * RAMP.len() as f32) as usize;
            cell.set_symbol(RAMP[step.min(RAMP.len() - 1)]).set_style(Style::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::graphics::Protocol;

    fn half_and_half() -> Pictures {
        // Black above, white below; one channel, 4×4.
        let pixels = [[0u8; 8], [255; 8]].concat();
        Pictures { channels: 1, height: 4, width: 4, pixels, labels: vec![0], classes: vec!["a".into()] }
    }

    #[test]
    fn a_cell_is_two_places() {
        let area = Rect::new(1, 1, 2, 1);
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 3));
        image(&Theme::colour(), &half_and_half(), 0, area, &mut buf);
        assert_eq!((buf[(1, 1)].fg, buf[(1, 1)].bg), (Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255)));
        assert_eq!(buf[(0, 1)].symbol(), " ", "nothing beside the area");
        image(&Theme::mono(), &half_and_half(), 0, area, &mut buf);
        assert_eq!(buf[(1, 1)].symbol(), "▒", "half light");
        image(&Theme::colour(), &half_and_half(), 7, area, &mut buf);
    }

    #[test]
    fn real_pictures_are_handed_back_pixel_by_pixel() {
        let area = Rect::new(1, 1, 2, 1);
        let theme = Theme { images: Protocol::Kitty, ..Theme::colour() };
        let mut buf = Buffer::empty(Rect::new(0, 0, 4, 3));
        // Planes of one pixel pair: red 1 and 2, green 3 and 4, blue 5 and 6.
        let two = Pictures { channels: 3, height: 1, width: 2, pixels: vec![1, 2, 3, 4, 5, 6], ..half_and_half() };
        let found = image(&theme, &two, 0, area, &mut buf).unwrap();
        assert_eq!(found, Picture { area, width: 2, height: 1, rgb: vec![1, 3, 5, 2, 4, 6] });
        assert!(found.is_uncovered(&buf), "the half blocks are there as well");
        let found = image(&theme, &half_and_half(), 0, area, &mut buf).unwrap();
        assert_eq!(found.rgb, [[0u8; 24], [255; 24]].concat(), "grey is the same in all three");
        // Three places a side: 11 pixels each, so that they stay squares when they are enlarged.
        let values = [0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
        let found = heat(&theme, &values, 3, (0.0, 1.0), area, &mut buf).unwrap();
        assert_eq!((found.width, found.height), (33, 33));
        for (at, rgb) in found.rgb.chunks(3).enumerate() {
            let high = at % 33 >= 22 && at / 33 < 11;
            assert_eq!(rgb, if high { [230, 120, 0] } else { [0, 114, 178] }, "pixel {at}");
        }
        for theme in [Theme::colour(), Theme { images: Protocol::Kitty, ..Theme::mono() }] {
            assert_eq!(image(&theme, &two, 0, area, &mut buf), None);
            assert_eq!(heat(&theme, &values, 3, (0.0, 1.0), area, &mut buf), None);
        }
    }

    #[test]
    fn heat_goes_from_blue_to_orange() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 2, 1));
        heat(&Theme::colour(), &[-1.0, 3.0, -1.0, 3.0], 2, (-1.0, 3.0), buf.area, &mut buf);
        assert_eq!((buf[(0, 0)].fg, buf[(1, 0)].fg), (Color::Rgb(0, 114, 178), Color::Rgb(230, 120, 0)));
        heat(&Theme::mono(), &[0.0, 1.0, 0.0, 1.0], 2, (0.0, 1.0), buf.area, &mut buf);
        assert_eq!((buf[(0, 0)].symbol(), buf[(1, 0)].symbol()), (" ", "█"));
    }
}
