//! The row of tabs: the views and their keys. The one that is open has a `▸` in the place of its key.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
};

use super::text::width;
use crate::tui::{
    app::App,
    keys::Action,
    tabs::{Tab, all, present},
};

/// A tab on the screen: where, its key, its name.
pub struct Place {
    pub action: Action,
    pub area: Rect,
    key: String,
    name: &'static str,
}

type Name = fn(&Tab) -> &'static str;

fn long(tab: &Tab) -> &'static str {
    tab.name
}

fn short(tab: &Tab) -> &'static str {
    tab.short
}

/// The tabs that have room in the row, left to right. Drawing and the mouse ask this.
pub fn places(app: &App, row: Rect) -> Vec<Place> {
    if row.is_empty() {
        return Vec::new();
    }
    let key = |tab: &Tab| if tab.action == present(app) { "▸".to_owned() } else { app.ui.keys.name(tab.action) };
    let cost = |name: Name, gap: usize| all(app).map(|tab| width(&key(tab)) + width(name(tab)) + 1 + gap).sum::<usize>();
    let choices: [(Name, usize); 4] = [(long, 3), (long, 2), (short, 3), (short, 2)];
    let fits = |(name, gap): &(Name, usize)| cost(*name, *gap) < usize::from(row.width);
    let (name, gap) = choices.into_iter().find(fits).unwrap_or((short, 1));
    let mut x = row.x + 1;
    let mut places = Vec::new();
    for tab in all(app) {
        let (key, name) = (key(tab), name(tab));
        let columns = (width(&key) + 1 + width(name)) as u16;
        if x + columns > row.right() {
            break;
        }
        places.push(Place { action: tab.action, area: Rect { x, width: columns, height: 1, ..row }, key, name });
        x += columns + gap as u16;
    }
    places
}

pub fn draw(app: &App, row: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let open = present(app);
    for place in places(app, row) {
        let Rect { x, y, width: columns, .. } = place.area;
        let (key, name): (Style, Style) = if place.action == open {
            (t.accent, t.accent.add_modifier(Modifier::BOLD | Modifier::UNDERLINED))
        } else {
            (t.key, t.dim)
        };
        buf.set_stringn(x, y, &place.key, usize::from(columns), key);
        let at = width(&place.key) as u16 + 1;
        buf.set_stringn(x + at, y, place.name, usize::from(columns.saturating_sub(at)), name);
    }
}
