//! The representation view: where the codes of held-out images lie, and one image looked into.
//!
//! ```text
//! ┌ Representation · codes of 256 held-out images, step 1,200 ─────────────────────┐
//! │ first two components of Y (23 % + 11 %)     image 17 of 256: disk              │
//! │    3   3  7                                 ▀▀▀▀▀▀▀▀ T by place                │
//! │      3 3     7 7                            ▀▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀▀ −1.2 ▀ 3.4       │
//! │   0     0  7                                nearest codes: 5 of 8 are disk     │
//! │ 0 square 3 disk 7 star ...                  hardest negatives of the local term│
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    text::{Line, Span},
};

use super::{
    chart::value_label,
    frame::frame,
    picture,
    text::{cut, grouped, put, put_line, width},
};
use crate::{
    train::{LocalScores, Portrait},
    tui::{app::App, graphics::Picture, layout::Layout},
};

/// Columns of a small picture, which has half as many rows.
const SMALL: u16 = 8;
/// Columns of the part that looks into one image.
const DETAIL: u16 = 38;
/// What stands for a class.
const GLYPHS: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Draws it; what real pictures there would be in it.
pub fn draw(app: &App, layout: &Layout, buf: &mut Buffer) -> Vec<Picture> {
    let t = &app.theme;
    let portrait = app.shown().portrait.as_deref();
    let of =
        portrait.map_or(String::new(), |p| format!("· codes of {} held-out images, step {} ", p.pictures.len(), grouped(p.step)));
    let inside = frame(
        app,
        layout,
        &format!(" Representation {of}"),
        &app.ui.keys.said(" ←→ ↑↓ another image · {representation} closes "),
        buf,
    );
    let Some(p) = portrait else {
        put(buf, inside, 0, "the codes are on their way", t.dim);
        return Vec::new();
    };
    let detail = DETAIL.min(inside.width * 11 / 20);
    let left = Rect { width: inside.width - detail - 2, ..inside };
    scatter(app, p, left, buf);
    let mut shown = Vec::new();
    look_into(app, p, Rect { x: left.right() + 2, width: detail, ..inside }, buf, &mut shown);
    shown
}

fn glyph(class: usize) -> &'static str {
    let at = class % GLYPHS.len();
    &GLYPHS[at..=at]
}

/// Every code where its first two components put it, as the glyph of its class.
fn scatter(app: &App, p: &Portrait, area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let [first, second] = p.explained.map(|share| format!("{:.0} %", 100.0 * share));
    put(buf, area, 0, &format!("principal components of Y ({first}, {second})"), t.dim);
    let legend = legend(app, p, usize::from(area.width));
    let plot = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + legend.len() as u16), ..area };
    let place = places(p, plot);
    let near: Vec<usize> = p.neighbours.iter().map(|(i, _)| *i).collect();
    // What is looked at lies on top.
    let mut order: Vec<usize> = (0..p.points.len()).collect();
    order.sort_by_key(|i| (*i == p.picked, near.contains(i)));
    for i in order {
        let class = p.pictures.labels[i];
        let style = t.curve(class).style;
        let style = match () {
            () if i == p.picked => t.cursor,
            () if near.contains(&i) => style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
            () => style,
        };
        if let Some(cell) = place(i).and_then(|at| buf.cell_mut(at)) {
            cell.set_symbol(glyph(class)).set_style(style);
        }
    }
    for (row, line) in legend.iter().enumerate() {
        put_line(buf, area, plot.bottom() - area.y + row as u16, line);
    }
}

/// The cell of a point; none for what is no number, or if there is no room.
fn places(p: &Portrait, plot: Rect) -> impl Fn(usize) -> Option<(u16, u16)> + use<'_> {
    let range = |axis: usize| {
        let values = p.points.iter().map(|point| point[axis]).filter(|v| v.is_finite());
        values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
    };
    let ranges = [range(0), range(1)];
    move |i| {
        let [x, y] = p.points[i];
        let share = |v: f32, (low, high): (f32, f32)| (v - low) / (high - low).max(f32::MIN_POSITIVE);
        let (across, up) = (share(x, ranges[0]), share(y, ranges[1]));
        if plot.is_empty() || !across.is_finite() || !up.is_finite() {
            return None;
        }
        let at = |share: f32, n: u16| (share.clamp(0.0, 1.0) * f32::from(n - 1)).round() as u16;
        Some((plot.x + at(across, plot.width), plot.bottom() - 1 - at(up, plot.height)))
    }
}

/// Which glyph is which class, in up to three lines.
fn legend(app: &App, p: &Portrait, columns: usize) -> Vec<Line<'static>> {
    let (mut lines, mut used) = (vec![Line::default()], 0);
    for (class, name) in p.pictures.classes.iter().enumerate() {
        let name = cut(name, 12);
        let cost = width(&name) + 4;
        if used + cost > columns {
            if lines.len() == 3 {
                break;
            }
            lines.push(Line::default());
            used = 0;
        }
        used += cost;
        if let Some(line) = lines.last_mut() {
            line.push_span(Span::styled(glyph(class), app.theme.curve(class).style.add_modifier(Modifier::BOLD)));
            line.push_span(Span::styled(format!(" {name}  "), app.theme.dim));
        }
    }
    lines
}

/// The picked image, the local critic's scores over it, its neighbours, and its hardest negatives.
fn look_into(app: &App, p: &Portrait, area: Rect, buf: &mut Buffer, shown: &mut Vec<Picture>) {
    let t = &app.theme;
    let class = p.pictures.class(p.picked);
    let title = format!("image {} of {}: {class}", p.picked + 1, p.pictures.len());
    put(buf, area, 0, &cut(&title, usize::from(area.width)), t.title);
    let big = (area.height.saturating_sub(14)).clamp(4, 16).min(area.width / 4);
    let whole = Rect { y: area.y + 1, width: 2 * big, height: big, ..area };
    shown.extend(picture::image(t, &p.pictures, p.picked, whole, buf));
    if let Some(local) = &p.local {
        let beside = Rect { x: whole.right() + 1, ..whole };
        shown.extend(heat(app, local, beside, Rect { y: whole.bottom(), height: 1, ..area }, buf));
    }
    let mut row = big + 2;
    let agree = p.neighbours.iter().filter(|(i, _)| p.pictures.labels[*i] == p.pictures.labels[p.picked]).count();
    let text = format!("nearest: {agree} of {} its class", p.neighbours.len());
    put(buf, area, row, &cut(&text, usize::from(area.width)), t.dim);
    let below = |row: u16| Rect { y: area.y + row, height: area.height.saturating_sub(row), ..area };
    row += 1 + gallery(app, p, &p.neighbours, below(row + 1), buf, shown);
    let all = format!("over all images {:.0} % agree", 100.0 * p.agreement);
    put(buf, area, row, &cut(&all, usize::from(area.width)), t.dim);
    row += 1;
    match &p.local {
        Some(local) if area.height > row + SMALL / 2 + 1 => {
            put(buf, area, row, &cut("hardest negatives of the local term", usize::from(area.width)), t.dim);
            gallery(app, p, &local.hardest, below(row + 1), buf, shown);
        }
        Some(_) => {}
        None => put(buf, area, row, "no local term: no scores by place", t.dim),
    }
}

/// The scores over the image, and what the colours mean.
fn heat(app: &App, local: &LocalScores, area: Rect, below: Rect, buf: &mut Buffer) -> Option<Picture> {
    let finite = local.map.iter().copied().filter(|v| v.is_finite());
    let range = finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    let shown = picture::heat(&app.theme, &local.map, local.side, range, area, buf);
    let [low, high] = [range.0, range.1].map(|v| value_label(f64::from(v)));
    put(buf, below, 0, &cut(&format!("scores T by place, {low} … {high}"), usize::from(below.width)), app.theme.dim);
    shown
}

/// Small pictures side by side with a number below each: those of the class of the picked image first marked. The rows taken.
fn gallery(app: &App, p: &Portrait, images: &[(usize, f32)], area: Rect, buf: &mut Buffer, shown: &mut Vec<Picture>) -> u16 {
    let rows = SMALL / 2 + 1;
    if rows > area.height {
        return 0;
    }
    for (at, (i, value)) in images.iter().take(usize::from(area.width / (SMALL + 1))).enumerate() {
        let place = Rect { x: area.x + at as u16 * (SMALL + 1), width: SMALL, height: SMALL / 2, ..area };
        shown.extend(picture::image(&app.theme, &p.pictures, *i, place, buf));
        let same = p.pictures.labels[*i] == p.pictures.labels[p.picked];
        let style: Style = if same { app.theme.ok } else { app.theme.dim };
        let text = format!("{}{}", if same { "=" } else { "≠" }, value_label(f64::from(*value)));
        put(buf, Rect { y: place.bottom(), height: 1, ..place }, 0, &cut(&text, usize::from(SMALL)), style);
    }
    rows
}
