//! A table of numbers as colours: confusions, two settings against each other.

use std::fmt::Write;

use super::{
    Panel,
    look::{DIM, INK},
    panel::{breadth, escaped, fit, short, text},
};

/// One cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Where on the scale of colours, from 0 to 1; not finite: empty.
    pub share: f64,
    /// In the cell, if there is room.
    pub text: String,
    pub tooltip: String,
}

/// A heat map.
#[derive(Debug, Clone, PartialEq)]
pub struct Heat {
    pub title: String,
    /// Under the title.
    pub note: String,
    /// What the rows and the columns are.
    pub row_title: String,
    pub column_title: String,
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    /// Row by row.
    pub cells: Vec<Vec<Cell>>,
}

const WIDTH: f64 = 500.0;
const TOP: f64 = 48.0;
/// From nearly white to dark blue, even in lightness: each step from the one before is seen in grey as well.
const RAMP: [(f64, f64, f64); 5] =
    [(243.0, 246.0, 250.0), (190.0, 215.0, 236.0), (107.0, 174.0, 214.0), (33.0, 113.0, 181.0), (8.0, 48.0, 107.0)];

/// The colour of a share from 0 to 1: red, green, blue.
pub fn ramp(share: f64) -> [u8; 3] {
    let at = share.clamp(0.0, 1.0) * (RAMP.len() - 1) as f64;
    let i = (at as usize).min(RAMP.len() - 2);
    let (a, b, t) = (RAMP[i], RAMP[i + 1], at - i as f64);
    let mixed = |a: f64, b: f64| (a + t * (b - a)).round() as u8;
    [mixed(a.0, b.0), mixed(a.1, b.1), mixed(a.2, b.2)]
}

fn colour(share: f64) -> String {
    let [r, g, b] = ramp(share);
    format!("#{r:02x}{g:02x}{b:02x}")
}

impl Heat {
    /// Draws it: square cells if the columns are as many as the rows.
    pub fn panel(&self) -> Panel {
        let mut svg = String::new();
        let names = self.rows.iter().map(|r| breadth(r)).fold(20.0, f64::max).min(110.0);
        let left = names + 26.0;
        let across = (WIDTH - left - 8.0) / self.columns.len().max(1) as f64;
        let down = if self.rows.len() >= 8 { across.min(30.0) } else { across.clamp(18.0, 34.0) };
        text(
            &mut svg,
            0.0,
            16.0,
            &format!("font-size=\"13\" font-weight=\"600\" fill=\"{INK}\""),
            &fit(&self.title, 0.85 * WIDTH),
        );
        text(&mut svg, 0.0, 33.0, &format!("fill=\"{DIM}\""), &fit(&self.note, WIDTH));
        let small = if self.columns.len() > 16 { 8 } else { 10 };
        for (r, row) in self.cells.iter().enumerate() {
            let y = TOP + down * r as f64;
            let label = fit(self.rows.get(r).map_or("", |s| s), names);
            text(
                &mut svg,
                left - 6.0,
                y + down / 2.0 + 3.5,
                &format!("text-anchor=\"end\" font-size=\"{small}\" fill=\"{DIM}\""),
                &label,
            );
            for (c, cell) in row.iter().enumerate() {
                draw(&mut svg, cell, (left + across * c as f64, y), (across, down));
            }
        }
        let bottom = TOP + down * self.rows.len() as f64;
        // Names that do not fit beside each other are written upwards.
        let widest = self.columns.iter().map(|c| breadth(c)).fold(0.0, f64::max);
        let upright = widest > across + 4.0;
        let depth = if upright { widest.min(80.0) + 8.0 } else { 16.0 };
        for (c, label) in self.columns.iter().enumerate() {
            let (x, y) = (left + across * (c as f64 + 0.5), bottom + 12.0);
            let turn = if upright {
                format!(" transform=\"rotate(-90 {} {})\"", short(x + 3.5), short(bottom + 6.0))
            } else {
                String::new()
            };
            let (x, y, anchor) = if upright { (x + 3.5, bottom + 6.0, "end") } else { (x, y, "middle") };
            let style = format!("text-anchor=\"{anchor}\" font-size=\"{small}\" fill=\"{DIM}\"{turn}");
            text(&mut svg, x, y, &style, &fit(label, if upright { 80.0 } else { across + 4.0 }));
        }
        let y = bottom + depth + 12.0;
        text(&mut svg, WIDTH - 8.0, y, &format!("text-anchor=\"end\" fill=\"{DIM}\""), &self.column_title);
        let middle = 0.5 * (TOP + bottom);
        let turned = format!("text-anchor=\"middle\" fill=\"{DIM}\" transform=\"rotate(-90 11 {})\"", short(middle));
        text(&mut svg, 11.0, middle, &turned, &self.row_title);
        Panel { title: self.title.clone(), width: WIDTH, height: y + 8.0, body: svg }
    }
}

fn draw(svg: &mut String, cell: &Cell, (x, y): (f64, f64), (across, down): (f64, f64)) {
    let (fill, ink) = match cell.share {
        share if !share.is_finite() => ("none".to_owned(), DIM),
        share if share > 0.55 => (colour(share), "#fdfdfd"),
        share => (colour(share), "#101418"),
    };
    let _ = writeln!(
        svg,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{fill}\" pointer-events=\"all\"><title>{}</title></rect>",
        short(x + 0.5),
        short(y + 0.5),
        short(across - 1.0),
        short(down - 1.0),
        escaped(&cell.tooltip)
    );
    if breadth(&cell.text) <= across + 2.0 && down >= 13.0 {
        let style = format!("text-anchor=\"middle\" font-size=\"10\" fill=\"{ink}\" pointer-events=\"none\"");
        text(svg, x + across / 2.0, y + down / 2.0 + 3.5, &style, &cell.text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_goes_from_light_to_dark() {
        assert_eq!((colour(0.0), colour(1.0), colour(7.0)), ("#f3f6fa".into(), "#08306b".into(), "#08306b".into()));
        let shades: Vec<u8> = (0..=20).map(|i| ramp(f64::from(i) / 20.0)[1]).collect();
        assert!(shades.is_sorted_by(|a, b| a > b), "{shades:?}");
    }

    #[test]
    fn every_cell_is_drawn_and_an_empty_one_has_no_colour() {
        let cell = |share: f64| Cell { share, text: "7".into(), tooltip: "a < b".into() };
        let heat = Heat {
            title: "t".into(),
            note: String::new(),
            row_title: "r".into(),
            column_title: "c".into(),
            rows: vec!["x".into(), "y".into()],
            columns: vec!["u".into(), "v".into()],
            cells: vec![vec![cell(0.0), cell(1.0)], vec![cell(f64::NAN), cell(0.5)]],
        };
        let svg = heat.panel().body;
        assert_eq!(svg.matches("<rect ").count(), 4);
        assert_eq!(svg.matches("fill=\"none\"").count(), 1);
        assert!(svg.contains("a &lt; b") && !svg.contains("NaN"), "{svg}");
    }
}
