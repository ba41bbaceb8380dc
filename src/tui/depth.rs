//! How many colours the terminal has, and the nearest of them for those that the screen is drawn in.

use ratatui::{buffer::Buffer, style::Color};

use super::env::Env;

/// Colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// All of 24 bits.
    Full,
    /// xterm's 256: a cube of 6×6×6 and 24 greys. The first 16 are the user's own, and not to be relied on.
    Indexed,
    /// Those 16, where there are no others.
    Basic,
}

/// What the levels of the cube are.
const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];

/// The 16 as the Linux console has them.
const BASIC: [(Color, [u8; 3]); 16] = [
    (Color::Black, [0, 0, 0]),
    (Color::Red, [170, 0, 0]),
    (Color::Green, [0, 170, 0]),
    (Color::Yellow, [170, 85, 0]),
    (Color::Blue, [0, 0, 170]),
    (Color::Magenta, [170, 0, 170]),
    (Color::Cyan, [0, 170, 170]),
    (Color::Gray, [170, 170, 170]),
    (Color::DarkGray, [85, 85, 85]),
    (Color::LightRed, [255, 85, 85]),
    (Color::LightGreen, [85, 255, 85]),
    (Color::LightYellow, [255, 255, 85]),
    (Color::LightBlue, [85, 85, 255]),
    (Color::LightMagenta, [255, 85, 255]),
    (Color::LightCyan, [85, 255, 255]),
    (Color::White, [255, 255, 255]),
];

impl Depth {
    /// What the terminal says it has.
    pub fn of(env: Env) -> Self {
        let term = env("TERM").unwrap_or_default();
        let says = env("COLORTERM").unwrap_or_default();
        let known = ["iTerm.app", "WezTerm", "ghostty", "vscode"];
        let by_name = env("TMUX").is_none() && env("TERM_PROGRAM").is_some_and(|name| known.contains(&name.as_str()));
        if ["truecolor", "24bit"].contains(&says.as_str()) || term.contains("direct") || term.contains("kitty") || by_name {
            Depth::Full
        } else if term.starts_with("linux") || term.starts_with("vt") || term == "ansi" || term == "xterm-16color" {
            Depth::Basic
        } else {
            Depth::Indexed
        }
    }

    /// Every colour of the buffer as the nearest one there is.
    pub fn reduce(self, buf: &mut Buffer) {
        if self == Depth::Full {
            return;
        }
        for cell in &mut buf.content {
            cell.fg = self.nearest(cell.fg);
            cell.bg = self.nearest(cell.bg);
        }
    }

    fn nearest(self, colour: Color) -> Color {
        let Color::Rgb(r, g, b) = colour else { return colour };
        match self {
            Depth::Full => colour,
            Depth::Indexed => indexed([r, g, b]),
            Depth::Basic => {
                let near = BASIC.iter().min_by_key(|(_, rgb)| distance(*rgb, [r, g, b]));
                near.map_or(colour, |(name, _)| *name)
            }
        }
    }
}

/// The nearer of the best of the cube and the best of the greys.
fn indexed(rgb: [u8; 3]) -> Color {
    let level = |v: u8| (0..6).min_by_key(|i| LEVELS[*i].abs_diff(v)).unwrap_or(0);
    let [r, g, b] = rgb.map(level);
    let cube = [r, g, b].map(|i| LEVELS[i]);
    let mean = rgb.iter().map(|v| u32::from(*v)).sum::<u32>() / 3;
    let step = (mean.saturating_sub(3) / 10).min(23) as u8;
    let grey = 8 + 10 * step;
    if distance([grey; 3], rgb) < distance(cube, rgb) {
        Color::Indexed(232 + step)
    } else {
        Color::Indexed((16 + 36 * r + 6 * g + b) as u8)
    }
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    a.iter().zip(b).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;
    use crate::tui::theme::{names, themed};

    fn depth(pairs: &'static [(&'static str, &'static str)]) -> Depth {
        Depth::of(&|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn a_terminal_has_the_colours_that_it_says() {
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]), Depth::Full);
        assert_eq!(depth(&[("TERM", "xterm-kitty")]), Depth::Full);
        assert_eq!(depth(&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "WezTerm")]), Depth::Full);
        assert_eq!(depth(&[("TERM", "xterm-256color")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "tmux-256color"), ("TMUX", "x"), ("TERM_PROGRAM", "tmux")]), Depth::Indexed);
        assert_eq!(depth(&[("TERM", "linux")]), Depth::Basic);
    }

    #[test]
    fn the_nearest_of_256_is_exact_where_it_can_be() {
        assert_eq!(indexed([255, 0, 0]), Color::Indexed(196));
        assert_eq!(indexed([0, 0, 0]), Color::Indexed(16));
        assert_eq!(indexed([255, 255, 255]), Color::Indexed(231));
        assert_eq!(indexed([128, 128, 128]), Color::Indexed(244));
        // Of Okabe and Ito: sky blue and vermillion.
        assert_eq!(indexed([0x56, 0xb4, 0xe9]), Color::Indexed(74));
        assert_eq!(indexed([0xd5, 0x5e, 0x00]), Color::Indexed(166));
    }

    #[test]
    fn curves_stay_different_in_256_colours_and_nothing_else_is_touched() {
        for name in names() {
            let series = themed(name).unwrap().series;
            let colours: Vec<Color> = series.iter().filter_map(|s| s.style.fg).map(|c| Depth::Indexed.nearest(c)).collect();
            for (i, colour) in colours.iter().enumerate() {
                assert!(matches!(colour, Color::Indexed(16..)), "{name}: {colour:?}");
                assert!(!colours[..i].contains(colour), "{name}: {i}");
            }
        }
        let mut buf = Buffer::empty(Rect::new(0, 0, 2, 1));
        buf[(0, 0)].fg = Color::Rgb(255, 0, 0);
        Depth::Indexed.reduce(&mut buf);
        assert_eq!((buf[(0, 0)].fg, buf[(0, 0)].bg, buf[(1, 0)].fg), (Color::Indexed(196), Color::Reset, Color::Reset));
        Depth::Basic.reduce(&mut buf);
        assert_eq!(Depth::Basic.nearest(Color::Rgb(250, 250, 90)), Color::LightYellow);
    }
}
