//! A picture with its size: within a page, or with others as a file.

use std::fmt::Write;

use super::look::{GROUND, INK};

/// A drawn picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What it shows, for those who do not see it.
    pub title: String,
    pub width: f64,
    pub height: f64,
    /// SVG elements within `0 0 width height`.
    pub body: String,
}

/// Room around each picture in a file.
const MARGIN: f64 = 16.0;
const FONT: &str = "font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\" font-size=\"11\"";

impl Panel {
    /// As an element of an HTML page, as wide as there is room.
    pub fn inline(&self) -> String {
        format!(
            "<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\" {FONT}>\n{}</svg>\n",
            self.width,
            self.height,
            escaped(&self.title),
            self.body
        )
    }
}

/// A file with these pictures, so many beside each other, on white.
pub fn document(title: &str, panels: &[Panel], columns: usize) -> String {
    let columns = columns.clamp(1, panels.len().max(1));
    let rows: Vec<&[Panel]> = panels.chunks(columns).collect();
    let width = rows.iter().map(|row| row.iter().map(|p| p.width + MARGIN).sum()).fold(0.0, f64::max) + MARGIN;
    let height = rows.iter().map(|row| row.iter().map(|p| p.height + MARGIN).fold(0.0, f64::max)).sum::<f64>() + MARGIN;
    // Writing to a String cannot fail, here and elsewhere in this module.
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" {FONT} \
         fill=\"{INK}\">\n<title>{}</title>\n<rect width=\"{width}\" height=\"{height}\" fill=\"{GROUND}\"/>\n",
        escaped(title)
    );
    let mut y = MARGIN;
    for row in rows {
        let mut x = MARGIN;
        for panel in row {
            let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">\n{}</g>", panel.body);
            x += panel.width + MARGIN;
        }
        y += row.iter().map(|p| p.height + MARGIN).fold(0.0, f64::max);
    }
    svg + "</svg>\n"
}

/// Text for XML, in elements and in attributes. What XML has no place for becomes the replacement character.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// An element of text.
pub(super) fn text(svg: &mut String, x: f64, y: f64, attributes: &str, words: &str) {
    let _ = writeln!(svg, "<text x=\"{}\" y=\"{}\" {attributes}>{}</text>", short(x), short(y), escaped(words));
}

/// A coordinate to a tenth.
pub(super) fn short(v: f64) -> String {
    let text = format!("{v:.1}");
    match text.strip_suffix(".0") {
        Some("-0") => "0".into(),
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

/// About how wide a text is, in the font of the charts. Wide characters count twice.
pub(super) fn breadth(text: &str) -> f64 {
    6.1 * unicode_width::UnicodeWidthStr::width(text) as f64
}

/// The text cut to about this width.
pub(super) fn fit(text: &str, width: f64) -> String {
    if breadth(text) <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        if breadth(&cut) + breadth(&c.to_string()) > width - breadth("…") {
            break;
        }
        cut.push(c);
    }
    cut + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        assert_eq!(escaped("a<b> & \"c\"\u{1b}[0m\n"), "a&lt;b&gt; &amp; &quot;c&quot;\u{fffd}[0m\n");
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!([3.0, -0.04, 12.26, 1e-9].map(short), ["3", "0", "12.3", "0"].map(String::from));
    }

    #[test]
    fn a_long_name_is_cut() {
        let long = "a-name-that-has-no-end-".repeat(9);
        assert!(breadth(&fit(&long, 100.0)) <= 100.0 && fit(&long, 100.0).ends_with('…'));
        assert_eq!(fit("short", 100.0), "short");
    }

    #[test]
    fn pictures_stand_side_by_side() {
        let panel = |width, height| Panel { title: "t".into(), width, height, body: "<g/>".into() };
        let svg = document("a & b", &[panel(10.0, 5.0), panel(20.0, 7.0), panel(10.0, 4.0)], 2);
        assert!(svg.contains("viewBox=\"0 0 78 59\"") && svg.contains("<title>a &amp; b</title>"), "{svg}");
        let places = ["translate(16 16)", "translate(42 16)", "translate(16 39)"];
        assert!(places.iter().all(|p| svg.contains(p)), "{svg}");
    }
}
