//! One table of styles: what every panel and every curve looks like.
//!
//! Colours are the Okabe-Ito set (Okabe & Ito 2008), which stays apart under all common kinds of colour blindness; the
//! middle tones among them are readable on dark and on light ground. Text keeps the terminal's own foreground.

use ratatui::style::{Color, Modifier, Style};

use super::graphics::Protocol;

/// How one curve of several is told from the others: by colour and by dash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesStyle {
    pub style: Style,
    pub dashed: bool,
}

/// How many curves have a style of their own.
pub const SERIES: usize = 7;

/// The styles of the whole workbench.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theme {
    /// Panel titles.
    pub title: Style,
    /// Ordinary text.
    pub text: Style,
    /// Secondary text: units, hints, labels.
    pub dim: Style,
    /// What has the focus.
    pub accent: Style,
    /// A key in a hint ("q quit").
    pub key: Style,
    pub ok: Style,
    pub warn: Style,
    pub error: Style,
    /// A value asked for but not yet in effect.
    pub requested: Style,
    /// Vertical marks at changes.
    pub mark: Style,
    /// Rules and borders of panels without the focus.
    pub border: Style,
    /// Axes, ticks and their labels.
    pub axis: Style,
    /// Crosshair and its read-out.
    pub cursor: Style,
    /// The selected row of a list.
    pub selected: Style,
    /// Reference lines: a ceiling, chance.
    pub reference: Style,
    /// Curves in their order; take `series[i % SERIES]`.
    pub series: [SeriesStyle; SERIES],
    /// How pictures are shown. Real ones need colour.
    pub images: Protocol,
}

const BLACK: Color = Color::Rgb(0x00, 0x00, 0x00);
const ORANGE: Color = Color::Rgb(0xe6, 0x9f, 0x00);
const SKY: Color = Color::Rgb(0x56, 0xb4, 0xe9);
const GREEN: Color = Color::Rgb(0x00, 0x9e, 0x73);
const YELLOW: Color = Color::Rgb(0xf0, 0xe4, 0x42);
const BLUE: Color = Color::Rgb(0x00, 0x72, 0xb2);
const VERMILLION: Color = Color::Rgb(0xd5, 0x5e, 0x00);
const PURPLE: Color = Color::Rgb(0xcc, 0x79, 0xa7);
/// Middle grey: about the same contrast on black and on white.
const GREY: Color = Color::Rgb(0x80, 0x84, 0x8a);
/// Rules: present, never loud.
const SLATE: Color = Color::Rgb(0x5c, 0x61, 0x69);

impl Default for Theme {
    fn default() -> Self {
        Self::colour()
    }
}

impl Theme {
    /// The Okabe-Ito palette in 24-bit colour.
    pub fn colour() -> Self {
        let fg = |c| Style::new().fg(c);
        let solid = |c| SeriesStyle { style: fg(c), dashed: false };
        let dashed = |c| SeriesStyle { style: fg(c), dashed: true };
        Self {
            title: Style::new().add_modifier(Modifier::BOLD),
            text: Style::new(),
            dim: fg(GREY),
            accent: fg(SKY).add_modifier(Modifier::BOLD),
            key: fg(SKY),
            ok: fg(GREEN),
            warn: fg(ORANGE),
            error: fg(VERMILLION).add_modifier(Modifier::BOLD),
            requested: fg(ORANGE).add_modifier(Modifier::ITALIC),
            mark: fg(PURPLE),
            border: fg(SLATE),
            axis: fg(GREY),
            cursor: fg(BLACK).bg(YELLOW),
            selected: fg(BLACK).bg(SKY),
            reference: fg(GREY),
            series: [solid(SKY), dashed(ORANGE), dashed(GREEN), dashed(PURPLE), solid(YELLOW), dashed(VERMILLION), dashed(BLUE)],
            images: Protocol::HalfBlocks,
        }
    }

    /// No colour at all (`NO_COLOR`, `--color never`): only bold, dim, underline, italic and reverse.
    pub fn mono() -> Self {
        let with = |m| Style::new().add_modifier(m);
        let plain = Style::new();
        let solid = |style| SeriesStyle { style, dashed: false };
        let dashed = |style| SeriesStyle { style, dashed: true };
        Self {
            title: with(Modifier::BOLD),
            text: plain,
            dim: with(Modifier::DIM),
            accent: with(Modifier::BOLD),
            key: with(Modifier::BOLD),
            ok: plain,
            warn: with(Modifier::UNDERLINED),
            error: with(Modifier::BOLD | Modifier::UNDERLINED),
            requested: with(Modifier::ITALIC),
            mark: with(Modifier::DIM),
            border: with(Modifier::DIM),
            axis: with(Modifier::DIM),
            cursor: with(Modifier::REVERSED),
            selected: with(Modifier::REVERSED),
            reference: with(Modifier::DIM),
            series: [
                solid(plain),
                dashed(plain),
                dashed(with(Modifier::BOLD)),
                dashed(with(Modifier::UNDERLINED)),
                solid(with(Modifier::DIM)),
                dashed(with(Modifier::DIM)),
                dashed(with(Modifier::ITALIC)),
            ],
            images: Protocol::HalfBlocks,
        }
    }

    /// False with `NO_COLOR`: then nothing may be told by colour.
    pub fn has_colour(&self) -> bool {
        self.accent.fg.is_some()
    }

    /// True if pictures are sent to the terminal as pixels.
    pub fn has_pictures(&self) -> bool {
        self.has_colour() && self.images.is_real()
    }

    /// The style of curve number `i`, going round after [`SERIES`].
    pub fn curve(&self, i: usize) -> SeriesStyle {
        self.series[i % SERIES]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(t: &Theme) -> Vec<Style> {
        let mut v = vec![
            t.title,
            t.text,
            t.dim,
            t.accent,
            t.key,
            t.ok,
            t.warn,
            t.error,
            t.requested,
            t.mark,
            t.border,
            t.axis,
            t.cursor,
            t.selected,
            t.reference,
        ];
        v.extend(t.series.iter().map(|s| s.style));
        v
    }

    #[test]
    fn mono_sets_no_colour() {
        for s in all(&Theme::mono()) {
            assert_eq!((s.fg, s.bg, s.underline_color), (None, None, None));
        }
    }

    #[test]
    fn no_two_curves_look_the_same() {
        for t in [Theme::colour(), Theme::mono()] {
            for i in 0..SERIES {
                for j in 0..i {
                    assert_ne!(t.series[i], t.series[j], "{i} and {j}");
                }
            }
        }
    }
}
