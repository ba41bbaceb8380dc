//! Terminal colours as RGB: named ones after a calm dark scheme, indexed ones after xterm's table.

use ratatui::style::{Color, Modifier, Style};

pub type Rgb = (u8, u8, u8);

pub const BACKGROUND: Rgb = (0x16, 0x19, 0x1f);
pub const FOREGROUND: Rgb = (0xd8, 0xdc, 0xe2);

const NAMED: [Rgb; 16] = [
    (0x24, 0x28, 0x30),
    (0xd8, 0x5c, 0x5c),
    (0x5f, 0xb3, 0x7c),
    (0xd9, 0xa8, 0x4e),
    (0x5c, 0x9c, 0xe0),
    (0xb8, 0x7f, 0xc8),
    (0x56, 0xb6, 0xc2),
    (0xb8, 0xbe, 0xc8),
    (0x6b, 0x72, 0x7d),
    (0xee, 0x7b, 0x7b),
    (0x7f, 0xd0, 0x9a),
    (0xf0, 0xc6, 0x74),
    (0x82, 0xb8, 0xf2),
    (0xd0, 0xa0, 0xde),
    (0x7c, 0xd4, 0xde),
    (0xf2, 0xf4, 0xf8),
];

/// `None` for the terminal's own colour.
pub fn rgb(c: Color) -> Option<Rgb> {
    let named = |i: usize| Some(NAMED[i]);
    match c {
        Color::Reset => None,
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Rgb(r, g, b) => Some((r, g, b)),
        Color::Indexed(i) => Some(indexed(i)),
    }
}

/// xterm: 16 named, a 6×6×6 cube, 24 greys.
fn indexed(i: u8) -> Rgb {
    match i {
        0..16 => NAMED[usize::from(i)],
        16..232 => {
            let level = |n: u8| if n == 0 { 0 } else { 55 + 40 * n };
            let i = i - 16;
            (level(i / 36), level(i / 6 % 6), level(i % 6))
        }
        _ => (8 + 10 * (i - 232), 8 + 10 * (i - 232), 8 + 10 * (i - 232)),
    }
}

/// What a cell looks like once reverse and dim are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Look {
    pub fg: Rgb,
    /// `None`: the ground shows.
    pub bg: Option<Rgb>,
    pub bold: bool,
    pub italic: bool,
    pub underline: bool,
    pub strike: bool,
}

pub fn look(style: Style) -> Look {
    let has = |m| style.add_modifier.contains(m);
    let (mut fg, mut bg) = (rgb(style.fg.unwrap_or_default()).unwrap_or(FOREGROUND), rgb(style.bg.unwrap_or_default()));
    if has(Modifier::REVERSED) {
        (fg, bg) = (bg.unwrap_or(BACKGROUND), Some(fg));
    }
    if has(Modifier::DIM) {
        fg = mix(fg, bg.unwrap_or(BACKGROUND));
    }
    if has(Modifier::HIDDEN) {
        fg = bg.unwrap_or(BACKGROUND);
    }
    Look {
        fg,
        bg,
        bold: has(Modifier::BOLD),
        italic: has(Modifier::ITALIC),
        underline: has(Modifier::UNDERLINED),
        strike: has(Modifier::CROSSED_OUT),
    }
}

/// Three parts of `a` to two of `b`.
fn mix(a: Rgb, b: Rgb) -> Rgb {
    let m = |a: u8, b: u8| ((u16::from(a) * 3 + u16::from(b) * 2) / 5) as u8;
    (m(a.0, b.0), m(a.1, b.1), m(a.2, b.2))
}

pub fn hex((r, g, b): Rgb) -> String {
    // Short form where it says the same.
    if [r, g, b].iter().all(|c| c >> 4 == c & 15) {
        return format!("#{:x}{:x}{:x}", r & 15, g & 15, b & 15);
    }
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexed_colours_are_xterm_s() {
        assert_eq!(rgb(Color::Indexed(16)), Some((0, 0, 0)));
        assert_eq!(rgb(Color::Indexed(196)), Some((255, 0, 0)));
        assert_eq!(rgb(Color::Indexed(231)), Some((255, 255, 255)));
        assert_eq!(rgb(Color::Indexed(244)), Some((128, 128, 128)));
        assert_eq!(rgb(Color::Indexed(1)), rgb(Color::Red));
    }

    #[test]
    fn reverse_swaps_and_dim_fades() {
        let l = look(Style::new().fg(Color::Rgb(1, 2, 3)).add_modifier(Modifier::REVERSED));
        assert_eq!((l.fg, l.bg), (BACKGROUND, Some((1, 2, 3))));
        let l = look(Style::new().fg(Color::Rgb(255, 255, 255)).add_modifier(Modifier::DIM));
        assert!(l.fg.0 < 255 && l.fg.0 > BACKGROUND.0);
        assert_eq!(hex((255, 255, 255)), "#fff");
    }
}
