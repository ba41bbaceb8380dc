//! The log in full: as many lines as the screen has room for, all or those with the words of the filter.

use ratatui::{buffer::Buffer, layout::Rect};

use super::{
    command::filter_line,
    frame::{frame_in, whole},
    log::newest,
    text::{grouped, put, put_line},
};
use crate::tui::{app::App, layout::Layout};

pub fn draw(app: &App, typing: bool, layout: &Layout, buf: &mut Buffer) {
    let t = &app.theme;
    let (all, shown) = (app.log.entries().len(), app.log.shown());
    let mut title = if app.log.filter.is_empty() {
        format!(" Log · {} lines ", grouped(all as u64))
    } else {
        format!(" Log · {} of {} lines ", grouped(shown.len() as u64), grouped(all as u64))
    };
    if app.log.filtered_back > 0 {
        title += &format!("· {} newer below ", grouped(app.log.filtered_back as u64));
    }
    let keys = app.ui.keys.said(" ↑↓ scroll · {filter} filter · {log} closes ");
    let mut inside = frame_in(app, whole(app, layout), &title, &keys, buf);
    if typing || !app.log.filter.is_empty() {
        inside.height = inside.height.saturating_sub(1);
        let foot = Rect { y: inside.bottom(), height: 1, ..inside };
        filter_line(app, &app.log.filter, typing, (foot, 0), buf);
    }
    if shown.is_empty() {
        let text = if all == 0 { "nothing has happened yet" } else { "no line has these words: Esc shows all" };
        return put(buf, inside, 0, text, t.dim);
    }
    let last = shown.len().saturating_sub(app.log.filtered_back).max(1);
    for (row, line) in newest(app, shown[..last].iter().rev().copied(), inside).iter().enumerate() {
        put_line(buf, inside, row as u16, line);
    }
}
