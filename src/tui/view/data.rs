//! The data view: the images themselves, one looked into, and what augmentation makes of it.
//!
//! ```text
//! ┌ Data · shapes · training images 1 to 20 of 8,192 ──────────────────────┐
//! │ ▀▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀▀     image 3: star                           │
//! │ square   disk     [star  ]     ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀  hue      0.31 ▌       │
//! │ ▀▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀▀     augmented, in steps 121 to 124          │
//! │ cross    ring     heart        ▀▀▀▀▀▀▀▀ ▀▀▀▀▀▀▀▀                       │
//! ```

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Modifier,
    text::{Line, Span},
};

use super::{
    frame::{frame, inside, place},
    picture,
    text::{cut, grouped, put, put_line, width},
};
use crate::{
    train::{FactorValue, Gallery, Split},
    tui::{
        app::App,
        graphics::Picture,
        keys::Action,
        layout::{Layout, layout},
    },
};

/// Columns of a small picture, which has half as many rows, and a line for its class.
const SMALL: u16 = 8;
const CELL: (u16, u16) = (SMALL + 1, SMALL / 2 + 1);
const DETAIL: u16 = 38;
/// Columns of a factor's name and value.
const NAME: usize = 11;
const VALUE: usize = 9;

/// Columns and rows of small pictures there is room for.
pub fn grid(app: &App) -> (usize, usize) {
    let Some(layout) = layout(app) else { return (1, 1) };
    cells(parts(inside(place(app, &layout)))[0])
}

fn cells(area: Rect) -> (usize, usize) {
    let count = |room: u16, each: u16| usize::from(room / each).max(1);
    (count(area.width + 1, CELL.0), count(area.height, CELL.1))
}

/// The image at a cell of the screen, by its number in the split.
pub fn image_at(app: &App, layout: &Layout, (x, y): (u16, u16)) -> Option<usize> {
    let gallery = app.shown().gallery.as_deref()?;
    let area = parts(inside(place(app, layout)))[0];
    let shown = spots(gallery, area).find(|(_, spot)| Rect { height: CELL.1, ..*spot }.contains((x, y).into()));
    shown.filter(|_| area.contains((x, y).into())).map(|(i, _)| gallery.first + i)
}

/// The pictures that have room, the picked one among them: each by its place among those that are there, and where it is.
fn spots(g: &Gallery, area: Rect) -> impl Iterator<Item = (usize, Rect)> {
    let (columns, rows) = cells(area);
    let page = columns * rows;
    let ahead = g.picked.saturating_sub(g.first) / page * page;
    let there = g.pictures.pixels.len().checked_div(g.pictures.image(0).len()).unwrap_or(0);
    let spot = move |at: usize| {
        let (x, y) = ((at % columns) as u16 * CELL.0, (at / columns) as u16 * CELL.1);
        Rect { x: area.x + x, y: area.y + y, width: SMALL, height: SMALL / 2 }
    };
    let all = (ahead..there).take(page).enumerate().map(move |(at, i)| (i, spot(at)));
    all.filter(move |(_, spot)| spot.bottom() <= area.bottom() && spot.right() <= area.right())
}

/// The pictures, and what there is to say of one.
fn parts(inside: Rect) -> [Rect; 2] {
    let detail = DETAIL.min(inside.width / 2);
    let left = Rect { width: inside.width.saturating_sub(detail + 2), ..inside };
    [left, Rect { x: left.right() + 2, width: detail, ..inside }]
}

/// Draws it; what real pictures there would be in it.
pub fn draw(app: &App, layout: &Layout, buf: &mut Buffer) -> Vec<Picture> {
    let gallery = app.shown().gallery.as_deref();
    let title = gallery.map_or_else(|| " Data ".to_owned(), |g| title(app, g));
    let keys = format!(" ←→ ↑↓ another · Tab train/test · {} closes ", app.ui.keys.name(Action::Data));
    let inside = frame(app, layout, &title, &keys, buf);
    let Some(g) = gallery else {
        put(buf, inside, 0, "the images are on their way", app.theme.dim);
        return Vec::new();
    };
    let [left, right] = parts(inside);
    let mut shown = Vec::new();
    pictures(app, g, left, buf, &mut shown);
    look_into(app, g, right, buf, &mut shown);
    shown
}

fn title(app: &App, g: &Gallery) -> String {
    let split = match g.split {
        Split::Training => "training",
        Split::Test => "held-out",
    };
    format!(
        " Data · {} · {split} image {} of {} ",
        app.shown().config.data.name,
        grouped(g.picked as u64 + 1),
        grouped(g.total as u64)
    )
}

/// As many as have room, the picked one among them and marked.
fn pictures(app: &App, g: &Gallery, area: Rect, buf: &mut Buffer, shown: &mut Vec<Picture>) {
    let t = &app.theme;
    for (i, spot) in spots(g, area) {
        shown.extend(picture::image(t, &g.pictures, i, spot, buf));
        let picked = g.first + i == g.picked;
        let class = if g.pictures.labels.is_empty() { grouped((g.first + i) as u64 + 1) } else { g.pictures.class(i).to_owned() };
        let text = if picked { format!("▸{}", cut(&class, usize::from(SMALL) - 1)) } else { cut(&class, usize::from(SMALL)) };
        let style = if picked { t.accent.add_modifier(Modifier::BOLD) } else { t.dim };
        put(buf, Rect { y: spot.bottom(), height: (area.bottom() - spot.bottom()).min(1), ..spot }, 0, &text, style);
    }
}

/// The picked image large, its factors, what augmentation makes of it, and the classes of the split.
fn look_into(app: &App, g: &Gallery, area: Rect, buf: &mut Buffer, shown: &mut Vec<Picture>) {
    let t = &app.theme;
    let columns = usize::from(area.width);
    let class = if g.whole.labels.is_empty() { "no label: for the encoder only" } else { g.whole.class(0) };
    put(buf, area, 0, &cut(class, columns), t.title.add_modifier(Modifier::BOLD));
    let big = (area.height.saturating_sub(16)).clamp(4, 12).min(area.width / 4).max(1);
    let whole = Rect { y: area.y + 1, width: 2 * big, height: big.min(area.height.saturating_sub(1)), ..area };
    shown.extend(picture::image(t, &g.whole, 0, whole, buf));
    let mut row = big + 1;
    let beside = Rect { x: whole.right() + 1, y: whole.y, width: area.right().saturating_sub(whole.right() + 1), height: big };
    // Beside the picture where all of them have room, else below.
    let wide = usize::from(beside.width) >= NAME + VALUE + 3 && g.factors.len() <= usize::from(big);
    let list = if wide { beside } else { Rect { y: area.y + row, height: area.height.saturating_sub(row), ..area } };
    factors(app, &g.factors, list, buf);
    row += if wide { 0 } else { g.factors.len() as u16 };
    let below = |row: u16| Rect { y: area.y + row, height: area.height.saturating_sub(row), ..area };
    // Where nothing is left below, beside the picture.
    let (rest, spare) = (below(row), if wide { Rect::default() } else { beside });
    let there = if rest.height > SMALL / 2 { Rect { y: rest.y + 1, height: SMALL / 2, ..rest } } else { spare };
    row += augmented(app, g, rest, there, buf, shown);
    counts(app, g, below(row), buf);
}

fn factors(app: &App, factors: &[FactorValue], area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    let bar = usize::from(area.width).saturating_sub(NAME + VALUE).min(12);
    for (row, factor) in factors.iter().enumerate().take(usize::from(area.height)) {
        let mut spans = vec![
            Span::styled(format!("{:<NAME$}", cut(factor.name, NAME - 1)), t.dim),
            Span::styled(format!("{:<VALUE$}", cut(&factor.text, VALUE - 1)), t.text),
        ];
        if let (Some(share), true) = (factor.share, bar > 2) {
            // A mark on a rule: where in its range the value lies.
            let at = (share * (bar - 1) as f64).round() as usize;
            spans.push(Span::styled("─".repeat(at), t.border));
            spans.push(Span::styled("●", t.accent));
            spans.push(Span::styled("─".repeat(bar - 1 - at.min(bar - 1)), t.border));
        }
        put_line(buf, area, row as u16, &Line::from(spans));
    }
}

/// The same image as the next steps would have it, `there`, or why there is nothing to show. The rows taken below.
fn augmented(app: &App, g: &Gallery, area: Rect, there: Rect, buf: &mut Buffer, shown: &mut Vec<Picture>) -> u16 {
    let t = &app.theme;
    let columns = usize::from(area.width);
    let Some(pictures) = &g.augmented else {
        let text = match g.split {
            Split::Test => "held-out images are never augmented",
            Split::Training => "augmentation is off: seen as it is",
        };
        put(buf, area, 0, &cut(text, columns), t.dim);
        return 1;
    };
    let count = usize::from((there.width + 1) / CELL.0).min(g.steps.len());
    let (Some(from), Some(to)) = (g.steps.first(), g.steps.get(count.saturating_sub(1))) else { return 0 };
    put(buf, area, 0, &cut(&format!("augmented, steps {}–{}", grouped(*from), grouped(*to)), columns), t.dim);
    for i in 0..count.min(if there.height < SMALL / 2 { 0 } else { count }) {
        let spot = Rect { x: there.x + i as u16 * CELL.0, width: SMALL, height: SMALL / 2, ..there };
        shown.extend(picture::image(t, pictures, i, spot, buf));
    }
    if there.y > area.y { 1 + SMALL / 2 } else { 1 }
}

/// Images by class, as many lines as there are.
fn counts(app: &App, g: &Gallery, area: Rect, buf: &mut Buffer) {
    let t = &app.theme;
    if g.counts.is_empty() || area.height < 2 {
        return;
    }
    put(buf, area, 0, "images by class", t.dim);
    let (mut line, mut row) = (String::new(), 1);
    for (class, n) in &g.counts {
        let next = format!("{} {}", cut(class, 12), grouped(*n as u64));
        if !line.is_empty() && width(&line) + width(&next) + 3 > usize::from(area.width) {
            put(buf, area, row, &line, t.text);
            (line, row) = (String::new(), row + 1);
        }
        if row >= area.height {
            return;
        }
        line = if line.is_empty() { next } else { format!("{line} · {next}") };
    }
    put(buf, area, row, &line, t.text);
}
