//! A chart of a bench as an SVG file that needs nothing else.

use std::fmt::Write;

use super::bench::{Bench, Curve};
use crate::plot::{COLOURS, escaped};

/// Size of a panel with its margins, and the margins.
const PANEL: (f64, f64) = (300.0, 210.0);
const LEFT: f64 = 40.0;
const TOP: f64 = 28.0;
const RIGHT: f64 = 12.0;
const BOTTOM: f64 = 34.0;
const COLUMNS: usize = 3;

/// One panel an estimator: the truth as a black staircase, the mean of the estimates as a line, one standard deviation around it
/// as a band. What lies outside of the panel is cut off at its edge.
pub fn chart(bench: &Bench, levels: &[f64]) -> String {
    let columns = bench.curves.len().clamp(1, COLUMNS);
    let (width, height) = (columns as f64 * PANEL.0, bench.curves.len().div_ceil(columns) as f64 * PANEL.1);
    let scale = Scale {
        steps: bench.steps as f64 * levels.len() as f64,
        low: levels.iter().fold(0.0, |a: f64, &b| a.min(b)),
        high: 1.4 * levels.iter().fold(0.1, |a: f64, &b| a.max(b)),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<title>Estimates of mutual information against the truth</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    for (i, curve) in bench.curves.iter().enumerate() {
        let (x, y) = ((i % columns) as f64 * PANEL.0, (i / columns) as f64 * PANEL.1);
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">");
        panel(&mut svg, curve, levels, &scale, COLOURS[i % COLOURS.len()]);
        svg.push_str("</g>\n");
    }
    svg + "</svg>\n"
}

/// From steps and nats to places within a panel.
struct Scale {
    steps: f64,
    low: f64,
    high: f64,
}

impl Scale {
    fn x(&self, step: f64) -> f64 {
        LEFT + step / self.steps * (PANEL.0 - LEFT - RIGHT)
    }

    fn y(&self, nats: f64) -> f64 {
        let share = (nats.clamp(self.low, self.high) - self.low) / (self.high - self.low);
        PANEL.1 - BOTTOM - share * (PANEL.1 - TOP - BOTTOM)
    }

    fn points(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        points.fold(String::new(), |mut text, (step, nats)| {
            let _ = write!(text, "{:.1},{:.1} ", self.x(step), self.y(nats));
            text
        })
    }
}

fn panel(svg: &mut String, curve: &Curve, levels: &[f64], scale: &Scale, colour: &str) {
    let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"18\" font-weight=\"bold\">{}</text>", escaped(&curve.estimator));
    for nats in std::iter::once(&0.0).chain(levels) {
        let y = scale.y(*nats);
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#444444\">{nats}</text>",
            PANEL.0 - RIGHT,
            LEFT - 5.0,
            y + 4.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#444444\">{} steps; nats</text>",
        0.5 * (LEFT + PANEL.0 - RIGHT),
        PANEL.1 - 12.0,
        scale.steps
    );
    let upper = curve.points.iter().map(|p| (p.0, p.1 + p.2));
    let lower = curve.points.iter().rev().map(|p| (p.0, p.1 - p.2));
    let _ = writeln!(
        svg,
        "<polygon points=\"{}\" fill=\"{colour}\" fill-opacity=\"0.25\"/>\n\
         <polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
        scale.points(upper.chain(lower)).trim_end(),
        scale.points(curve.points.iter().map(|p| (p.0, p.1))).trim_end()
    );
    let length = scale.steps / levels.len() as f64;
    let stairs = levels.iter().enumerate().flat_map(|(i, &nats)| [(i as f64 * length, nats), ((i + 1) as f64 * length, nats)]);
    let _ = writeln!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#000000\" stroke-width=\"1.2\" stroke-dasharray=\"4 2\"/>",
        scale.points(stairs).trim_end()
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_and_estimates_lie_where_they_should() {
        let curve = Curve { estimator: "a<b".into(), points: vec![(0.0, 2.0, 0.5), (100.0, 1e9, 0.0)] };
        let bench = Bench { steps: 100, window: 1, seeds: 1, rows: vec![], curves: vec![curve] };
        let svg = chart(&bench, &[2.0]);
        // 0 to 2.8 nats over 148 units above y = 176: 2 nats are at 70.3; what is too large is cut off at the top, 28.
        assert!(svg.contains("points=\"40.0,70.3 288.0,70.3\" fill=\"none\" stroke=\"#000000\""), "the truth:\n{svg}");
        assert!(svg.contains("points=\"40.0,70.3 288.0,28.0\" fill=\"none\" stroke=\"#0072b2\""), "the estimate:\n{svg}");
        assert!(svg.contains("a&lt;b") && svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
        assert!(!svg.contains("href") && !svg.contains("NaN"));
    }
}
