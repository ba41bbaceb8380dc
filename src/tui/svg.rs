//! A terminal frame as a picture: the very cells of a buffer as standalone SVG.
//!
//! Text is set in whatever monospace font there is, each run stretched to its cells (`textLength`); characters that
//! fonts disagree about (braille, blocks, lines) are drawn as shapes. See [`glyph`].

mod colour;
mod glyph;

use std::{collections::BTreeMap, fmt::Write as _};

use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr;

use colour::{BACKGROUND, FOREGROUND, Look, Rgb, hex, look};
use glyph::{H, Paint, W};

const FONTS: &str = "ui-monospace,'JetBrains Mono','SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";
/// Space around the cells, and the height of the window's title bar.
const MARGIN: i32 = 14;
const BAR: i32 = 36;

/// Text of one look in one row.
struct Run {
    x: i32,
    y: i32,
    cells: i32,
    text: String,
    look: Look,
}

/// Draws `buffer` as a dark window titled `title`.
pub fn render(buffer: &Buffer, title: &str) -> String {
    let (columns, rows) = (i32::from(buffer.area.width), i32::from(buffer.area.height));
    let (width, height) = (columns * W + 2 * MARGIN, rows * H + BAR + MARGIN);
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\">\n\
         <title>{}</title>\n\
         <rect x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"9\" fill=\"{}\" stroke=\"#3a3f48\"/>\n\
         <g fill=\"#4a505a\"><circle cx=\"20\" cy=\"18\" r=\"5.5\"/><circle cx=\"38\" cy=\"18\" r=\"5.5\"/><circle cx=\"56\" cy=\"18\" r=\"5.5\"/></g>\n\
         <text x=\"{}\" y=\"22.5\" text-anchor=\"middle\" font-family=\"{FONTS}\" font-size=\"13\" fill=\"#8b929d\">{}</text>\n\
         <g transform=\"translate({MARGIN} {BAR})\" font-family=\"{FONTS}\" font-size=\"16.4\" fill=\"{}\" xml:space=\"preserve\">\n",
        escape(title),
        width - 1,
        height - 1,
        hex(BACKGROUND),
        width / 2,
        escape(title),
        hex(FOREGROUND),
    );
    let page = Page::read(buffer);
    page.grounds(&mut out);
    page.texts(&mut out);
    page.shapes(&mut out);
    out.push_str("</g>\n</svg>\n");
    out
}

/// What is in a buffer, sorted by how it is drawn.
#[derive(Default)]
struct Page {
    grounds: BTreeMap<Rgb, String>,
    runs: Vec<Run>,
    shapes: BTreeMap<(Rgb, Paint), String>,
}

impl Page {
    fn read(buffer: &Buffer) -> Self {
        let mut page = Self::default();
        for (row, cells) in buffer.content.chunks(usize::from(buffer.area.width).max(1)).enumerate() {
            let y = row as i32 * H;
            let (mut skip, mut joins) = (0, false);
            let mut ground: Option<(i32, Rgb)> = None;
            for (column, cell) in cells.iter().enumerate() {
                let (x, look) = (column as i32 * W, look(cell.style()));
                if ground.map(|g| g.1) != look.bg {
                    page.end_ground(ground.take(), x, y);
                    ground = look.bg.map(|bg| (x, bg));
                }
                if skip > 0 {
                    // The second half of a wide character.
                    skip -= 1;
                    continue;
                }
                let symbol = cell.symbol();
                skip = symbol.width().max(1) - 1;
                joins = page.add(symbol, (x, y), look, joins);
            }
            page.end_ground(ground, cells.len() as i32 * W, y);
        }
        page
    }

    fn end_ground(&mut self, ground: Option<(i32, Rgb)>, x: i32, y: i32) {
        if let Some((from, colour)) = ground {
            let w = x - from;
            let _ = write!(self.grounds.entry(colour).or_default(), "M{from} {y}h{w}v{H}h-{w}z");
        }
    }

    /// Adds one character; `joins`: the previous cell was text too. Returns whether the next may join.
    fn add(&mut self, symbol: &str, (x, y): (i32, i32), look: Look, joins: bool) -> bool {
        let mut chars = symbol.chars();
        if let (Some(c), None) = (chars.next(), chars.next())
            && let Some((paint, path)) = glyph::shape(c, x, y)
        {
            self.shapes.entry((look.fg, paint)).or_default().push_str(&path);
            return false;
        }
        let blank = symbol.trim().is_empty() && !look.underline && !look.strike;
        let cells = symbol.width().max(1) as i32;
        let symbol = if symbol.is_empty() { " " } else { symbol };
        match self.runs.last_mut() {
            // Blanks have no colour of their own, but no other run's line either.
            Some(run)
                if joins
                    && cells == 1
                    && symbol.is_ascii()
                    && (run.look == look || blank && run.look.bg == look.bg && !run.look.underline && !run.look.strike) =>
            {
                run.text.push_str(symbol);
                run.cells += 1;
                true
            }
            _ if blank => false,
            _ => {
                self.runs.push(Run { x, y, cells, text: symbol.into(), look });
                // Anything but ASCII may come from a fallback font of another width: alone in its cell.
                cells == 1 && symbol.is_ascii()
            }
        }
    }

    fn grounds(&self, out: &mut String) {
        for (colour, path) in &self.grounds {
            let _ = writeln!(out, "<path shape-rendering=\"crispEdges\" fill=\"{}\" d=\"{path}\"/>", hex(*colour));
        }
    }

    fn texts(&self, out: &mut String) {
        for run in &self.runs {
            let text = if run.look.underline || run.look.strike { &run.text[..] } else { run.text.trim_end() };
            let cells = run.cells - (run.text.len() - text.len()) as i32;
            let _ = write!(out, "<text x=\"{}\" y=\"{}\"", run.x, run.y + 15);
            if cells > 0 {
                let _ = write!(out, " textLength=\"{}\" lengthAdjust=\"spacingAndGlyphs\"", cells * W);
            }
            if run.look.fg != FOREGROUND {
                let _ = write!(out, " fill=\"{}\"", hex(run.look.fg));
            }
            if run.look.bold {
                out.push_str(" font-weight=\"bold\"");
            }
            if run.look.italic {
                out.push_str(" font-style=\"italic\"");
            }
            match (run.look.underline, run.look.strike) {
                (true, true) => out.push_str(" text-decoration=\"underline line-through\""),
                (true, false) => out.push_str(" text-decoration=\"underline\""),
                (false, true) => out.push_str(" text-decoration=\"line-through\""),
                _ => {}
            }
            let _ = writeln!(out, ">{}</text>", escape(text));
        }
    }

    fn shapes(&self, out: &mut String) {
        for ((colour, paint), path) in &self.shapes {
            let colour = hex(*colour);
            let _ = match paint {
                Paint::Fill => writeln!(out, "<path fill=\"{colour}\" d=\"{path}\"/>"),
                Paint::Dots => writeln!(
                    out,
                    "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"3.6\" stroke-linecap=\"round\" d=\"{path}\"/>"
                ),
                Paint::Stroke => writeln!(out, "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.3\" d=\"{path}\"/>"),
                Paint::Heavy => writeln!(out, "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.6\" d=\"{path}\"/>"),
            };
        }
    }
}

/// Text for XML: markup escaped, control characters (not allowed there) left out.
fn escape(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    for c in s.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests;
