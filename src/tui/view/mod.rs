//! Drawing: free functions from a state into a buffer. Nothing here changes anything, or knows a terminal.

mod arena;
pub mod banner;
pub mod chart;
pub mod charts;
mod command;
mod confusion;
mod controls;
pub mod data;
mod dialog;
mod doctor;
pub mod estimators;
pub mod explain;
mod factors;
mod frame;
mod header;
pub mod help;
mod hints;
pub mod lesson;
mod log;
mod log_view;
mod overlay;
pub mod palette;
mod picture;
pub mod probes;
mod representation;
pub mod runs;
mod settings_foot;
mod small;
pub mod tabs;
pub(super) mod text;
pub mod tour;

use ratatui::{buffer::Buffer, layout::Rect, style::Color};

use super::{
    app::{App, Mode},
    graphics::Picture,
    layout::{Layout, layout},
};

/// Draws the whole state into `buf`, over `app.area`. Where the theme has real pictures, these are what is to be shown in their
/// places; the buffer is complete without them.
pub fn draw(app: &App, buf: &mut Buffer) -> Vec<Picture> {
    // A theme that is about to be chosen is seen before it is.
    let preview = palette::preview(app).map(|theme| App { theme, ..app.clone() });
    let app = preview.as_ref().unwrap_or(app);
    let area = app.area.intersection(buf.area);
    buf.set_style(area, app.theme.text);
    let Some(layout) = layout(app).filter(|_| area == app.area) else {
        small::draw(app, area, buf);
        stand_on_ground(app, area, buf);
        return Vec::new();
    };
    header::draw(app, layout.header, buf);
    tabs::draw(app, layout.tabs, buf);
    banner::draw(app, layout.banner, buf);
    for (id, chart) in &layout.charts {
        charts::draw(app, *id, *chart, buf);
    }
    controls::draw(app, layout.controls, buf);
    match app.lesson.as_ref().filter(|lesson| !lesson.hidden) {
        Some(lesson) => lesson::draw(app, lesson, layout.log, buf),
        None => log::draw(app, layout.log, buf),
    }
    match &app.mode {
        Mode::Command(prompt) => command::draw(app, ":", prompt, layout.bottom, buf),
        Mode::Filter => command::draw(app, "/ ", &app.filter.prompt, layout.bottom, buf),
        Mode::Edit { key, prompt } => command::draw(app, &format!("{key} = "), prompt, layout.bottom, buf),
        _ => hints::draw(app, layout.bottom, buf),
    }
    let mut pictures = over(app, &app.mode, &layout, buf);
    stand_on_ground(app, area, buf);
    // What has come to lie over a picture has the better right to the place.
    pictures.retain(|picture| picture.is_uncovered(buf));
    pictures
}

/// Whether a cell of the screen is on the card that lies over it; `None`: there is no card that a click beside it closes.
pub fn on_card(app: &App, at: (u16, u16)) -> Option<bool> {
    let layout = layout(app)?;
    let card = match &app.mode {
        Mode::Help { .. } => help::area(app, app.area),
        Mode::Explain(_) => frame::place(app, &layout),
        Mode::Tour(card) => tour::area(app, *card, &layout).unwrap_or_default(),
        Mode::Command(prompt) => return Some(palette::holds(prompt, layout.bottom, at)),
        _ => return None,
    };
    Some(card.contains(at.into()))
}

/// What lies over the panels.
fn over(app: &App, mode: &Mode, layout: &Layout, buf: &mut Buffer) -> Vec<Picture> {
    match mode {
        Mode::Representation { .. } => return representation::draw(app, layout, buf),
        Mode::Data(_) => return data::draw(app, layout, buf),
        Mode::Probes(looking) => probes::draw(app, *looking, layout, buf),
        Mode::Runs(page) => runs::draw(app, *page, layout, buf),
        Mode::Estimators(term) => estimators::draw(app, *term, layout, buf),
        Mode::Explain(open) => explain::draw(app, open, layout, buf),
        Mode::Tour(card) => tour::draw(app, *card, layout, buf),
        Mode::Log { typing } => log_view::draw(app, *typing, layout, buf),
        Mode::Command(prompt) => palette::draw(app, prompt, layout.bottom, buf),
        Mode::Help { scroll } => help::draw(app, *scroll, app.area, buf),
        Mode::Quit => dialog::draw(app, &dialog::quit(app), app.area, buf),
        Mode::Restart => dialog::draw(app, &dialog::restart(), app.area, buf),
        Mode::Travel(travel) => dialog::draw(app, &dialog::travel(travel), app.area, buf),
        Mode::Normal | Mode::Filter | Mode::Edit { .. } => {}
    }
    Vec::new()
}

/// What no view has given a colour gets that of the theme, if it has a text and a ground of its own.
fn stand_on_ground(app: &App, area: Rect, buf: &mut Buffer) {
    let (Some(fg), Some(bg)) = (app.theme.text.fg, app.theme.text.bg) else { return };
    for at in area.positions() {
        let cell = &mut buf[at];
        if cell.fg == Color::Reset {
            cell.fg = fg;
        }
        if cell.bg == Color::Reset {
            cell.bg = bg;
        }
    }
}

/// The state as it would look on a screen of this size.
pub fn draw_to_buffer(app: &App, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    let sized = App { area, ..app.clone() };
    draw(&sized, &mut buf);
    buf
}
