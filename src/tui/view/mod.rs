//! Drawing: free functions from a state into a buffer. Nothing here changes anything, or knows a terminal.

mod arena;
pub mod banner;
pub mod chart;
pub mod charts;
mod command;
mod confusion;
mod controls;
mod dialog;
mod doctor;
pub mod estimators;
mod factors;
mod header;
mod help;
mod hints;
mod log;
mod overlay;
mod picture;
pub mod probes;
mod representation;
pub mod runs;
mod small;
mod text;

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    app::{App, Mode},
    graphics::Picture,
    layout::layout,
};

/// Draws the whole state into `buf`, over `app.area`. Where the theme has real pictures, these are what is to be shown in their
/// places; the buffer is complete without them.
pub fn draw(app: &App, buf: &mut Buffer) -> Vec<Picture> {
    let area = app.area.intersection(buf.area);
    buf.set_style(area, app.theme.text);
    let Some(layout) = layout(app).filter(|_| area == app.area) else {
        small::draw(app, area, buf);
        return Vec::new();
    };
    header::draw(app, layout.header, buf);
    banner::draw(app, layout.banner, buf);
    for (id, chart) in &layout.charts {
        charts::draw(app, *id, *chart, buf);
    }
    controls::draw(app, layout.controls, buf);
    log::draw(app, layout.log, buf);
    match &app.mode {
        Mode::Command(prompt) => command::draw(app, ":", prompt, layout.bottom, buf),
        Mode::Edit { key, prompt } => command::draw(app, &format!("{key} = "), prompt, layout.bottom, buf),
        _ => hints::draw(app, layout.bottom, buf),
    }
    let mut pictures = Vec::new();
    match app.mode {
        Mode::Representation { .. } => pictures = representation::draw(app, &layout, buf),
        Mode::Probes(looking) => probes::draw(app, looking, &layout, buf),
        Mode::Runs(page) => runs::draw(app, page, &layout, buf),
        Mode::Estimators(term) => estimators::draw(app, term, &layout, buf),
        Mode::Help { scroll } => help::draw(app, scroll, area, buf),
        Mode::Quit => dialog::draw(app, &dialog::quit(), area, buf),
        Mode::Restart => dialog::draw(app, &dialog::restart(), area, buf),
        Mode::Travel(ref travel) => dialog::draw(app, &dialog::travel(travel), area, buf),
        _ => {}
    }
    // What has come to lie over a picture has the better right to the place.
    pictures.retain(|picture| picture.is_uncovered(buf));
    pictures
}

/// The state as it would look on a screen of this size.
pub fn draw_to_buffer(app: &App, width: u16, height: u16) -> Buffer {
    let area = Rect::new(0, 0, width, height);
    let mut buf = Buffer::empty(area);
    let sized = App { area, ..app.clone() };
    draw(&sized, &mut buf);
    buf
}
