//! Colours and dashes: Okabe and Ito's set (2008), told apart with any colour vision, and a dash beside, told apart without colour.

/// Blue, vermillion, green, purple, orange, sky, black.
pub const COLOURS: [&str; 7] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
/// Solid first. Five and seven have no common factor: 35 looks before one comes again.
const DASHES: [&str; 5] = ["", "7 3", "2 2.5", "9 3 2 3", "4 2"];

/// Titles and names.
pub(super) const INK: &str = "#1f2328";
/// Labels, axes, references.
pub(super) const DIM: &str = "#59636e";
/// Rules.
pub(super) const GRID: &str = "#e6e8eb";
/// Vertical marks.
pub(super) const MARK: &str = "#a0a6ae";
pub(super) const GROUND: &str = "#ffffff";

/// Each colour's stand-in on dark ground; what is not named here is readable on both.
const DARK: [(&str, &str); 7] = [
    ("#0072b2", "#3a9fe0"),
    ("#000000", "#f0f3f6"),
    (INK, "#e6edf3"),
    (DIM, "#9aa4af"),
    (GRID, "#2b3139"),
    (MARK, "#6b747e"),
    (GROUND, "#14181d"),
];

/// CSS rules that give charts the colours of a dark page. They belong into a media query.
pub fn dark_style() -> String {
    DARK.iter()
        .map(|(light, dark)| format!("svg [fill=\"{light}\"]{{fill:{dark}}}svg [stroke=\"{light}\"]{{stroke:{dark}}}\n"))
        .collect()
}

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    pub colour: &'static str,
    /// An SVG dash pattern; empty: solid.
    pub dash: &'static str,
    pub width: f64,
    pub opacity: f64,
}

impl Look {
    /// Number `i` of several of one kind: by colour and by dash.
    pub fn of(i: usize) -> Self {
        Self { dash: DASHES[i % DASHES.len()], ..Self::solid(i) }
    }

    /// The colour of number `i`, solid.
    pub fn solid(i: usize) -> Self {
        Self { colour: COLOURS[i % COLOURS.len()], dash: "", width: 1.6, opacity: 1.0 }
    }

    /// What curves are compared with.
    pub fn reference() -> Self {
        Self { colour: DIM, dash: "5 3", width: 1.1, opacity: 1.0 }
    }

    /// The colour of the text, solid.
    pub fn ink() -> Self {
        Self { colour: "#000000", dash: "", width: 1.6, opacity: 1.0 }
    }

    #[must_use]
    pub fn dashed(self, dash: &'static str) -> Self {
        Self { dash, ..self }
    }

    /// Behind the others.
    #[must_use]
    pub fn faint(self) -> Self {
        Self { opacity: 0.55, width: 1.0, ..self }
    }

    /// Its attributes as a line.
    pub(super) fn stroke(&self) -> String {
        let dash = if self.dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{}\"", self.dash) };
        let opacity = if self.opacity < 1.0 { format!(" stroke-opacity=\"{}\"", self.opacity) } else { String::new() };
        format!("stroke=\"{}\" stroke-width=\"{}\"{dash}{opacity}", self.colour, self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirty_five_lines_look_different() {
        let looks: Vec<Look> = (0..35).map(Look::of).collect();
        for (i, a) in looks.iter().enumerate() {
            assert!(!looks[..i].contains(a), "{i}");
        }
        let colours: Vec<&str> = (0..7).map(|i| Look::of(i).colour).collect();
        assert_eq!(colours, COLOURS);
    }
}
