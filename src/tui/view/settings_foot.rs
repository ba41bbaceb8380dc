//! The foot of the settings: what the selected one is, or why its last change was refused; and its slider.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};

use super::text::{cut, put, wrap};
use crate::tui::{
    app::App,
    controls::{CONTROLS, shown},
    keys::Action,
    slider::Slider,
};

pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let slider = Slider::of(app);
    let drawn = slider.as_ref().and_then(|s| s.track(area).map(|track| draw_slider(app, s, area, track, buf)));
    let rows = area.height.saturating_sub(u16::from(drawn.is_some()));
    let (text, style) = words(app);
    let columns = usize::from(area.width);
    let mut lines = wrap(&text, columns);
    if lines.len() > usize::from(rows) {
        lines.truncate(usize::from(rows));
        if let Some(last) = lines.last_mut() {
            *last = cut(&format!("{last} …"), columns);
        }
    }
    for (i, line) in lines.iter().enumerate() {
        put(buf, area, i as u16, line, style);
    }
}

fn words(app: &App) -> (String, Style) {
    let t = &app.theme;
    let Some(control) = app.picked().map(|i| &CONTROLS[i]) else {
        return ("no setting has these words: Esc shows all".into(), t.dim);
    };
    if let Some(reason) = app.refused.get(control.key) {
        (format!("✗ {reason}"), t.error)
    } else if app.next_run.contains_key(control.key) {
        (format!("needs a restart: {} begins a new run with it", app.ui.keys.name(Action::Restart)), t.warn)
    } else if app.differs.contains(control.key) {
        let file = app.file.as_ref().and_then(|f| f.content.get(control.key)).map(|v| shown(&v)).unwrap_or_default();
        let key = app.ui.keys.name(Action::WriteBack);
        (format!("≠ the file says {file}; {key} writes the run's value there"), t.accent)
    } else {
        (control.spec().map(|k| k.doc.to_owned()).unwrap_or_default(), t.dim)
    }
}

/// `0 ──────●──○──┴──── 100`: in force, requested, default.
fn draw_slider(app: &App, slider: &Slider, area: Rect, track: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let (low, high) = slider.labels();
    let row = track.y - area.y;
    put(buf, area, row, &low, t.dim);
    put(buf, Rect { x: track.right() + 1, width: high.len() as u16, ..area }, row, &high, t.dim);
    put(buf, track, 0, &"─".repeat(track.width.into()), t.border);
    let mut mark = |value: Option<f64>, sign: &str, style: Style| {
        if let Some(value) = value {
            buf.set_stringn(track.x + slider.column(value, track.width), track.y, sign, 1, style);
        }
    };
    mark(slider.default, "┴", t.dim);
    mark(slider.next, "○", t.requested);
    mark(slider.now, "●", t.accent);
}
