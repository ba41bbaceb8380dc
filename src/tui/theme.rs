//! One table of styles: what every panel and every curve looks like; and the themes, which fill it.
//!
//! The usual colours are the Okabe-Ito set (Okabe & Ito 2008), which stays apart under all common kinds of colour blindness; text keeps
//! the terminal's own foreground and ground there. `theme/tests.rs` measures contrast and difference of what is here.

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

impl Default for Theme {
    fn default() -> Self {
        Self::colour()
    }
}

/// The theme that is there if nobody asks for another.
pub const COLOUR_BLIND: &str = "colour-blind";

/// All themes: the name, what it is, what it is made of; `None`: of no colour.
const THEMES: [(&str, &str, Option<&Palette>); 4] = [
    (COLOUR_BLIND, "the Okabe-Ito colours on the terminal's own dark ground", Some(&OKABE_ITO)),
    ("dark", "softer colours on a dark ground of its own", Some(&DARK)),
    ("light", "dark colours on a light ground of its own", Some(&LIGHT)),
    ("mono", "no colour: bold, dim, underlined, reversed", None),
];

/// Their names.
pub fn names() -> [&'static str; THEMES.len()] {
    THEMES.map(|(name, ..)| name)
}

/// The name as the table has it, if there is such a theme.
pub fn known(name: &str) -> Option<&'static str> {
    names().into_iter().find(|known| *known == name)
}

/// What each of them is, in the same order.
pub fn words() -> [&'static str; THEMES.len()] {
    THEMES.map(|(_, words, _)| words)
}

/// The theme of that name.
pub fn themed(name: &str) -> Option<Theme> {
    let (.., palette) = THEMES.iter().find(|(known, ..)| *known == name)?;
    Some(palette.map_or_else(Theme::mono, colours))
}

/// The colours that a theme is made of.
struct Palette {
    /// Text and what it stands on; `None`: the terminal's own.
    own: Option<(u32, u32)>,
    grey: u32,
    rule: u32,
    /// The focus and the keys.
    accent: u32,
    ok: u32,
    warn: u32,
    error: u32,
    mark: u32,
    /// Grounds of the crosshair's read-out and of the selected row, and the text on them.
    cursor: u32,
    selected: u32,
    on_them: u32,
    series: [u32; SERIES],
}

/// Okabe & Ito 2008; the red that tells errors is lifted, so that it reads on dark grey as well as on black.
const OKABE_ITO: Palette = Palette {
    own: None,
    grey: 0x8a8f96,
    rule: 0x5c6169,
    accent: 0x56b4e9,
    ok: 0x009e73,
    warn: 0xe69f00,
    error: 0xe8702a,
    mark: 0xcc79a7,
    cursor: 0xf0e442,
    selected: 0x56b4e9,
    on_them: 0x000000,
    series: [0x56b4e9, 0xe69f00, 0x009e73, 0xcc79a7, 0xf0e442, 0xd55e00, 0x0072b2],
};

const DARK: Palette = Palette {
    own: Some((0xd8dce2, 0x14171c)),
    grey: 0x969ca6,
    rule: 0x4f5661,
    accent: 0x6cb6ff,
    ok: 0x3fbf8f,
    warn: 0xf0a83a,
    error: 0xff7b54,
    mark: 0xd98cc0,
    cursor: 0xefe36b,
    selected: 0x6cb6ff,
    on_them: 0x000000,
    series: [0x6cb6ff, 0xf0a83a, 0x3fbf8f, 0xd98cc0, 0xefe36b, 0xff7b54, 0x8f8bff],
};

const LIGHT: Palette = Palette {
    own: Some((0x1c2026, 0xfafaf8)),
    grey: 0x5f656d,
    rule: 0xb4b9c0,
    accent: 0x0b62a8,
    ok: 0x00785a,
    warn: 0x9a5200,
    error: 0xb93800,
    mark: 0xa3387a,
    cursor: 0x7a6a00,
    selected: 0x0b62a8,
    on_them: 0xffffff,
    series: [0x0b62a8, 0xa85c00, 0x00785a, 0xa3387a, 0x7a6a00, 0xc83200, 0x4a3fb5],
};

fn rgb(colour: u32) -> Color {
    Color::from_u32(colour)
}

fn colours(p: &Palette) -> Theme {
    let fg = |c| Style::new().fg(rgb(c));
    let [a, b, c, d, e, f, g] = p.series.map(fg);
    let solid = |style| SeriesStyle { style, dashed: false };
    let dashed = |style| SeriesStyle { style, dashed: true };
    let text = p.own.map_or(Style::new(), |(text, ground)| fg(text).bg(rgb(ground)));
    Theme {
        title: Style { bg: None, ..text }.add_modifier(Modifier::BOLD),
        text,
        dim: fg(p.grey),
        accent: fg(p.accent).add_modifier(Modifier::BOLD),
        key: fg(p.accent),
        ok: fg(p.ok),
        warn: fg(p.warn),
        error: fg(p.error).add_modifier(Modifier::BOLD),
        requested: fg(p.warn).add_modifier(Modifier::ITALIC),
        mark: fg(p.mark),
        border: fg(p.rule),
        axis: fg(p.grey),
        cursor: fg(p.on_them).bg(rgb(p.cursor)),
        selected: fg(p.on_them).bg(rgb(p.selected)),
        reference: fg(p.grey),
        series: [solid(a), dashed(b), dashed(c), dashed(d), solid(e), dashed(f), dashed(g)],
        images: Protocol::HalfBlocks,
    }
}

impl Theme {
    /// The Okabe-Ito palette in 24-bit colour.
    pub fn colour() -> Self {
        colours(&OKABE_ITO)
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
mod tests;
