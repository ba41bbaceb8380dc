//! Which classes the linear probe of a layer takes for which.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};

use super::{
    probes::Layer,
    text::{cut, put},
};
use crate::{record::ProbeRow, tui::app::App};

/// Columns for the name of a class, and the least and the most for a number.
const NAME: u16 = 12;
const CELL: (u16, u16) = (3, 6);
/// What right and wrong answers are painted in, at their darkest and their lightest.
const RIGHT: [(f32, f32, f32); 2] = [(10.0, 40.0, 62.0), (86.0, 180.0, 233.0)];
const WRONG: [(f32, f32, f32); 2] = [(58.0, 34.0, 0.0), (230.0, 159.0, 0.0)];

/// As many rows as it can use: the table, and the commonest mistakes below it.
pub fn rows(row: &ProbeRow) -> u16 {
    row.confusion.as_ref().map_or(1, |c| c.y.len() as u16 + 9)
}

pub fn draw(app: &App, row: &ProbeRow, layer: Layer, area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let Some(confusion) = row.confusion.as_ref().map(|c| layer.of(c)) else {
        return put(buf, area, 0, "no confusion kept of this probe (more than 32 classes): dim-tui eval gives it", t.dim);
    };
    let names = &app.shown().facts.classes;
    let name = |class: usize| names.get(class).cloned().unwrap_or_else(|| format!("class {class}"));
    let title = format!("linear probe on {}: % of each row's class taken for", layer.name());
    put(buf, area, 0, &cut(&title, usize::from(area.width)), t.dim);
    let classes = confusion.len() as u16;
    let cell = (area.width.saturating_sub(NAME) / classes.max(1)).min(CELL.1);
    let mut used = 1;
    if cell >= CELL.0 && area.height >= classes + 2 {
        for class in 0..classes {
            let place = Rect { x: area.x + NAME + class * cell, width: cell, ..area };
            let short: String = name(usize::from(class)).chars().take(usize::from(cell) - 1).collect();
            put(buf, place, 1, &format!("{short:>width$}", width = usize::from(cell)), t.dim);
        }
        for (at, counts) in confusion.iter().enumerate() {
            put(buf, Rect { width: NAME, ..area }, 2 + at as u16, &cut(&name(at), usize::from(NAME) - 1), t.text);
            let place = Rect { x: area.x + NAME, y: area.y + 2 + at as u16, width: area.width - NAME, height: 1 };
            line(app, at, counts, cell, place, buf);
        }
        used = classes + 3;
    }
    mistakes(app, confusion, &name, Rect { y: area.y + used, height: area.height.saturating_sub(used), ..area }, buf);
}

/// One row of the table: shares of the images of class `of`.
fn line(app: &App, of: usize, counts: &[u32], cell: u16, area: Rect, buf: &mut Buffer) {
    let (t, all) = (&app.theme, counts.iter().sum::<u32>().max(1));
    for (answer, count) in counts.iter().enumerate() {
        let share = *count as f32 / all as f32;
        let number = (100.0 * share).round();
        let text = if *count == 0 { "·".into() } else { format!("{number:.0}") };
        let right = answer == of;
        let style = match () {
            () if number < 1.0 => t.dim,
            () if t.has_colour() => painted(share, right),
            () if right => t.title,
            () => t.text,
        };
        let place = Rect { x: area.x + answer as u16 * cell, width: cell, ..area };
        put(buf, place, 0, &format!("{text:>width$} ", width = usize::from(cell) - 1), style);
    }
}

/// A ground the lighter the larger the share, and a colour that is read on it.
fn painted(share: f32, right: bool) -> Style {
    let [from, to] = if right { RIGHT } else { WRONG };
    // Few mistakes are many: their scale ends at a half.
    let at = if right { share } else { (2.0 * share).min(1.0) };
    let mix = |a: f32, b: f32| a + (b - a) * at;
    let (r, g, b) = (mix(from.0, to.0), mix(from.1, to.1), mix(from.2, to.2));
    let light = 0.299 * r + 0.587 * g + 0.114 * b > 135.0;
    let style = Style::new().bg(Color::Rgb(r as u8, g as u8, b as u8)).fg(if light { Color::Black } else { Color::White });
    if right { style.add_modifier(Modifier::BOLD) } else { style }
}

/// The commonest mistakes in words, as many as there is room for.
fn mistakes(app: &App, confusion: &[Vec<u32>], name: &dyn Fn(usize) -> String, area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let mut pairs: Vec<(f64, usize, usize, u32)> = Vec::new();
    for (of, counts) in confusion.iter().enumerate() {
        let all = counts.iter().sum::<u32>();
        let wrong = counts.iter().enumerate().filter(|(answer, count)| *answer != of && **count > 0);
        pairs.extend(wrong.map(|(answer, count)| (f64::from(*count) / f64::from(all), of, answer, all)));
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0));
    if pairs.is_empty() || area.height < 2 {
        return;
    }
    put(buf, area, 0, "most often mistaken", t.dim);
    for (at, (share, of, answer, all)) in pairs.iter().take(usize::from(area.height) - 1).enumerate() {
        let text = format!("{:>4.0} % of {all} {} taken for {}", 100.0 * share, name(*of), name(*answer));
        put(buf, area, 1 + at as u16, &cut(&text, usize::from(area.width)), t.text);
    }
}
