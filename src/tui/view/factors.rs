//! Bars: how well the factors that images were drawn from are read off each layer.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::{
    probes::Layer,
    text::{cut, put},
};
use crate::{
    record::{FACTOR_ROWS, FactorScores, Measure, ProbeRow},
    tui::app::App,
};

const NAME: u16 = 13;
/// Columns of the number behind a bar, and between two bars.
const NUMBER: u16 = 6;
const EIGHTHS: [&str; 8] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"];
/// Where the untrained encoder stands.
const BEFORE: &str = "│";

pub fn draw(app: &App, row: &ProbeRow, area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    if row.factors.is_empty() {
        return put(buf, area, 0, "no factors: these images were not drawn from known ones (data.name = shapes has some)", t.dim);
    }
    let untrained = app.shown().untrained.as_deref();
    let each = area.width.saturating_sub(NAME) / 3;
    put(buf, area, 0, "factor", t.dim);
    for (i, layer) in Layer::ALL.into_iter().enumerate() {
        put(buf, column(area, each, i), 0, layer.name(), t.curve(i).style);
    }
    for (at, factor) in row.factors.iter().enumerate() {
        let at = at as u16 + 1;
        if at >= area.height {
            return;
        }
        put(buf, Rect { width: NAME, ..area }, at, &cut(&words(factor), usize::from(NAME) - 1), t.text);
        let before = untrained.and_then(|u| u.factors.iter().find(|f| f.name == factor.name));
        for (i, layer) in Layer::ALL.into_iter().enumerate() {
            let place = Rect { y: area.y + at, height: 1, ..column(area, each, i) };
            let scores = (*layer.of(&factor.score), before.and_then(|b| *layer.of(&b.score)));
            bar(scores, t.curve(i).style, t.reference, place, buf);
        }
    }
    let what = format!("R² (* accuracy) from {FACTOR_ROWS} images; {BEFORE} untrained");
    put(buf, area, row.factors.len() as u16 + 1, &cut(&what, usize::from(area.width)), t.dim);
}

fn column(area: Rect, each: u16, i: usize) -> Rect {
    Rect { x: area.x + NAME + i as u16 * each, width: each, ..area }
}

fn words(factor: &FactorScores) -> String {
    format!("{}{}", factor.name, if factor.measure == Measure::Accuracy { " *" } else { "" })
}

/// A bar from 0 to 1, the number, and a mark where the untrained encoder stands.
fn bar((now, before): (Option<f64>, Option<f64>), style: Style, mark: Style, area: Rect, buf: &mut Buffer) {
    let columns = area.width.saturating_sub(NUMBER + 1);
    let eighths = now.map_or(0, |v| (v.clamp(0.0, 1.0) * f64::from(columns) * 8.0).round() as u16);
    for x in 0..columns {
        let filled = eighths.saturating_sub(8 * x).min(8);
        if let (Some(cell), 1..) = (buf.cell_mut((area.x + x, area.y)), filled) {
            cell.set_symbol(EIGHTHS[usize::from(filled) - 1]).set_style(style);
        }
    }
    if let Some(v) = before.filter(|_| columns > 0) {
        let x = (v.clamp(0.0, 1.0) * f64::from(columns)).floor().min(f64::from(columns - 1)) as u16;
        if let Some(cell) = buf.cell_mut((area.x + x, area.y)) {
            // Within the bar it is a gap in it, so that it is seen without colour.
            let inside = eighths >= 8 * (x + 1);
            cell.set_symbol(BEFORE).set_style(if inside { style } else { mark });
        }
    }
    let text = now.map_or("–".into(), |v| format!("{v:.2}"));
    put(buf, Rect { x: area.x + columns, width: NUMBER, ..area }, 0, &format!("{text:>5}"), style);
}
