//! The checkpoints of a run, newest first: where one can go back to.

use ratatui::{buffer::Buffer, layout::Rect, text::Line};

use super::{Column, cells, column, first_line, fitting, framed, heading, list::nats, percent, put_row, when};
use crate::tui::{
    app::App,
    layout::Layout,
    runs::{Opened, Saved, name},
    view::text::{cut, grouped, put},
};

const COLUMNS: [Column; 6] = [
    column("conv, %", 7, true, 2),
    column("fc, %", 7, true, 2),
    column("Y, %", 7, true, 0),
    column("nats", 6, true, 1),
    column("", 24, false, 0),
    column("written, UTC", 12, false, 3),
];

const STEP: usize = 10;

pub(super) fn draw(app: &App, layout: &Layout, buf: &mut Buffer) {
    let Some(opened) = &app.runs.opened else { return };
    let title = format!(" Checkpoints of {} ", cut(&name(&opened.run), 40));
    let keys = ["Enter back to it", "{fork} fork", "Esc the list", "{runs} closes"];
    let inside = framed(app, layout, &title, &keys, buf);
    let Some(rows) = &opened.rows else { return put(buf, inside, 0, "being read", app.theme.dim) };
    if rows.is_empty() {
        let text = app.ui.keys.said("none: checkpoint.every says how often one is written, {checkpoint} writes one now");
        return put(buf, inside, 0, &text, app.theme.dim);
    }
    let list = area(inside);
    let columns = fitting(&COLUMNS, STEP, list.width.into());
    let head = cells(&COLUMNS, &columns, |i| COLUMNS[i].head.into());
    heading(app, list, &format!("{:>STEP$}{head}", "step"), buf);
    let height = usize::from(list.height).saturating_sub(1);
    let first = first_line(opened.selected, rows.len(), height);
    let best = opened.best();
    for (at, i) in (first..rows.len()).take(height).enumerate() {
        let row = &rows[i];
        let is_best = best == Some(i);
        let text = cells(&COLUMNS, &columns, |i| cell(row, is_best, i));
        let style = if is_best { app.theme.ok } else { app.theme.text };
        let line = Line::styled(format!("{:>STEP$}{text}", grouped(row.step)), style);
        put_row(app, list, 1 + at as u16, line, i == opened.selected, buf);
    }
    let foot = Rect { y: list.bottom() + 1, height: 3, ..inside };
    about(app, opened, foot, buf);
}

/// The heading and the lines, inside the frame; below them is what else is known of the picked one.
pub(super) fn area(inside: Rect) -> Rect {
    Rect { height: inside.height.saturating_sub(4), ..inside }
}

fn cell(row: &Saved, best: bool, column: usize) -> String {
    let of = |value: fn(&crate::record::ProbeRow) -> f64| row.probe.as_deref().map_or_else(|| "–".into(), |p| percent(value(p)));
    match column {
        0 => of(|p| p.accuracy.linear.conv),
        1 => of(|p| p.accuracy.linear.fc),
        2 => of(|p| p.accuracy.linear.y),
        3 => row.probe.as_deref().map_or_else(|| "–".into(), nats),
        4 if best => "★ best on Y".into(),
        4 => match &row.probe {
            Some(probe) if probe.step < row.step => format!("probed at step {}", grouped(probe.step)),
            Some(_) => String::new(),
            None => "not probed".into(),
        },
        _ => when(&row.written),
    }
}

fn about(app: &App, opened: &Opened, area: Rect, buf: &mut Buffer) {
    let Some(row) = opened.picked() else { return };
    let columns = usize::from(area.width);
    let size = row.bytes as f64 / f64::from(1 << 20);
    let file = row.path.file_name().unwrap_or_default().to_string_lossy();
    put(buf, area, 0, &cut(&format!("{file} · {size:.1} MB"), columns), app.theme.dim);
    put(buf, area, 1, &cut("Enter: a new run from here with the settings that were in force", columns), app.theme.dim);
    put(buf, area, 2, &cut("F: a new run from here with the present settings", columns), app.theme.dim);
}
