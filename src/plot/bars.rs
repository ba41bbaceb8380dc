//! Groups of horizontal bars between 0 and 1, each with a tick to compare with.

use std::fmt::Write;

use super::{
    Look, Panel,
    legend::{self, Entry},
    look::{DIM, GRID, INK},
    panel::{escaped, fit, short, text},
};

/// One bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Its length; below 0 and without a finite number there is none.
    pub value: f64,
    /// Half the length of its error bar; 0: none.
    pub error: f64,
    /// Where its tick is; not finite: none.
    pub before: f64,
}

/// Groups of bars, one of each series in a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    pub title: String,
    pub note: String,
    pub series: Vec<String>,
    /// A name, and a bar for each series.
    pub groups: Vec<(String, Vec<Bar>)>,
}

const WIDTH: f64 = 500.0;
const LEFT: f64 = 130.0;
const ACROSS: f64 = WIDTH - LEFT - 52.0;
const THICK: f64 = 7.0;

impl Bars {
    pub fn panel(&self) -> Panel {
        let mut svg = String::new();
        text(
            &mut svg,
            0.0,
            16.0,
            &format!("font-size=\"13\" font-weight=\"600\" fill=\"{INK}\""),
            &fit(&self.title, 0.85 * WIDTH),
        );
        text(&mut svg, 0.0, 33.0, &format!("fill=\"{DIM}\""), &fit(&self.note, WIDTH));
        let look = |i| Look { width: THICK, ..Look::solid(i) };
        let entries: Vec<Entry> =
            self.series.iter().enumerate().map(|(i, label)| Entry { label, value: None, look: look(i), marker: false }).collect();
        let rows = legend::draw(&mut svg, &entries, 2.0, 48.0, WIDTH - 4.0);
        let top = 48.0 + legend::ROW * rows as f64;
        let each = THICK * self.series.len() as f64 + 9.0;
        let bottom = top + each * self.groups.len() as f64;
        for i in 0..=4 {
            let (x, share) = (LEFT + ACROSS * f64::from(i) / 4.0, f64::from(i) / 4.0);
            let _ = writeln!(
                svg,
                "<line x1=\"{x}\" x2=\"{x}\" y1=\"{}\" y2=\"{}\" stroke=\"{GRID}\"/>",
                short(top),
                short(bottom),
                x = short(x)
            );
            text(&mut svg, x, bottom + 13.0, &format!("text-anchor=\"middle\" fill=\"{DIM}\""), &super::value(share));
        }
        for (g, (name, bars)) in self.groups.iter().enumerate() {
            let y = top + each * g as f64 + 4.0;
            let label = format!("text-anchor=\"end\" fill=\"{INK}\"");
            let middle = y + 0.5 * THICK * bars.len() as f64 + 3.8;
            text(&mut svg, LEFT - 8.0, middle, &label, &fit(name, LEFT - 10.0));
            for (i, bar) in bars.iter().enumerate() {
                draw(&mut svg, bar, y + THICK * i as f64, i, &self.series[i.min(self.series.len().saturating_sub(1))]);
            }
            let best = bars.iter().map(|b| b.value).filter(|v| v.is_finite()).fold(0.0, f64::max);
            text(&mut svg, LEFT + ACROSS + 8.0, middle, &format!("fill=\"{DIM}\""), &format!("{best:.2}"));
        }
        Panel { title: self.title.clone(), width: WIDTH, height: bottom + 24.0, body: svg }
    }
}

fn draw(svg: &mut String, bar: &Bar, y: f64, i: usize, series: &str) {
    if bar.value.is_finite() {
        let _ = writeln!(
            svg,
            "<rect x=\"{LEFT}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"><title>{} {}</title></rect>",
            short(y),
            short(ACROSS * bar.value.clamp(0.0, 1.0)),
            THICK - 1.0,
            Look::solid(i).colour,
            escaped(series),
            super::value(bar.value)
        );
    }
    if bar.value.is_finite() && bar.error > 0.0 {
        let at = |v: f64| short(LEFT + ACROSS * v.clamp(0.0, 1.0));
        let (x0, x1, middle) = (at(bar.value - bar.error), at(bar.value + bar.error), short(y + 0.5 * (THICK - 1.0)));
        let _ = writeln!(
            svg,
            "<line x1=\"{x0}\" x2=\"{x1}\" y1=\"{middle}\" y2=\"{middle}\" stroke=\"#000000\" stroke-width=\"1.6\"/>"
        );
    }
    if bar.before.is_finite() {
        let x = short(LEFT + ACROSS * bar.before.clamp(0.0, 1.0));
        let _ = writeln!(
            svg,
            "<line x1=\"{x}\" x2=\"{x}\" y1=\"{}\" y2=\"{}\" stroke=\"#000000\" stroke-width=\"1.6\"/>",
            short(y - 0.5),
            short(y + THICK - 0.5)
        );
    }
}
