//! The probes view: how well linear models read each layer, against what the pixels and the untrained encoder give; which classes are
//! mistaken for which; and, where images were drawn from known factors, which of these each layer tells.
//!
//! ```text
//! ┌ Probes · step 1,200 ───────────────────────────────────────────────────┐
//! │ layer        accuracy     ±  untrained    gain  over pixels            │
//! │ ▸ conv         57.8 %   1.1     46.7 %   +11.1        +19.6            │
//! │ fc             ...                                                     │
//! │ pixels 38.2 % · chance 10.8 % · 2,000 held-out images                  │
//! │ accuracy over steps │ confusion of the layer │ factors                 │
//! ```
//! What lies below the table is on three pages, or all in sight on a large screen.

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier, text::Line};

use super::{
    charts, confusion, factors,
    frame::frame,
    text::{cut, grouped, put, put_line},
};
use crate::{
    record::{PerLayer, ProbeRow},
    tui::{
        app::{App, ChartId},
        layout::Layout,
    },
};

/// A layer of the encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Layer {
    Conv,
    Fc,
    #[default]
    Y,
}

/// What lies below the table where there is room for one thing only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Page {
    #[default]
    Steps,
    Confusion,
    Factors,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Looking {
    pub layer: Layer,
    pub page: Page,
}

impl Layer {
    pub const ALL: [Layer; 3] = [Layer::Conv, Layer::Fc, Layer::Y];

    pub fn name(self) -> &'static str {
        ["conv", "fc", "Y"][self as usize]
    }

    pub fn turned(self, by: isize) -> Self {
        turned(Self::ALL, self as usize, by)
    }

    /// The value of this layer.
    pub fn of<T>(self, values: &PerLayer<T>) -> &T {
        match self {
            Layer::Conv => &values.conv,
            Layer::Fc => &values.fc,
            Layer::Y => &values.y,
        }
    }
}

impl Page {
    const ALL: [Page; 3] = [Page::Steps, Page::Confusion, Page::Factors];

    pub fn turned(self, by: isize) -> Self {
        turned(Self::ALL, self as usize, by)
    }
}

/// The one so many further on, round and round.
fn turned<T: Copy, const N: usize>(all: [T; N], at: usize, by: isize) -> T {
    all[(at as isize + by).rem_euclid(N as isize) as usize]
}

/// From here on there is room for all of them.
const WIDE: (u16, u16) = (104, 28);
/// Rows of the table.
const TABLE: u16 = 7;

pub fn draw(app: &App, looking: Looking, layout: &Layout, buf: &mut Buffer) {
    let probe = app.shown().probe.as_deref();
    let of = probe.map_or(String::new(), |p| format!("· step {} ", grouped(p.step)));
    let inside = frame(
        app,
        layout,
        &format!(" Probes {of}"),
        &app.ui.keys.said(" ←→ layer · ↑↓ page · {probe} probe now · {probes} closes "),
        buf,
    );
    let Some(row) = probe else {
        let every = app.live.config.probe.every;
        let text = match (app.live.probing, every) {
            (Some(_), _) => "a probe is being fitted",
            (None, 0) => "probe.every is 0: {probe} takes a probe now",
            (None, _) => "the first probe is on its way",
        };
        return put(buf, inside, 0, &app.ui.keys.said(text), app.theme.dim);
    };
    table(app, row, looking.layer, inside, buf);
    let below = Rect { y: inside.y + TABLE, height: inside.height.saturating_sub(TABLE), ..inside };
    if inside.width < WIDE.0 || inside.height < WIDE.1 {
        return page(app, row, looking, below, buf);
    }
    let tables = (below.height / 2).min(1 + confusion::rows(row));
    let chart = Rect { height: below.height - tables, ..below };
    let tables = Rect { y: chart.bottom(), height: tables, ..below };
    page(app, row, Looking { page: Page::Steps, ..looking }, chart, buf);
    let left = Rect { width: if row.factors.is_empty() { 0 } else { (inside.width - 3) / 2 }, ..tables };
    let gap = if left.width == 0 { 0 } else { 3 };
    let right = Rect { x: left.right() + gap, width: inside.width - left.width - gap, ..tables };
    if left.width > 0 {
        page(app, row, Looking { page: Page::Factors, ..looking }, left, buf);
    }
    page(app, row, Looking { page: Page::Confusion, ..looking }, right, buf);
}

fn page(app: &App, row: &ProbeRow, looking: Looking, area: Rect, buf: &mut Buffer) {
    let (t, untrained) = (&app.theme, app.shown().untrained.as_deref());
    match looking.page {
        Page::Steps => {
            let before = untrained.map(|u| (accuracy(u, looking.layer), t.curve(looking.layer as usize).style, "before"));
            let pixels = untrained.and_then(|u| u.pixels).map(|v| (v, t.text, "pixels"));
            let lines: Vec<_> = before.into_iter().chain(pixels).collect();
            charts::draw_with(app, ChartId::Accuracy, area, &lines, buf);
        }
        Page::Confusion => confusion::draw(app, row, looking.layer, area, buf),
        Page::Factors => factors::draw(app, row, area, buf),
    }
}

/// Of the linear probe, in [0, 1].
fn accuracy(row: &ProbeRow, layer: Layer) -> f64 {
    let linear = &row.accuracy.linear;
    [linear.conv, linear.fc, linear.y][layer as usize]
}

fn table(app: &App, row: &ProbeRow, picked: Layer, area: Rect, buf: &mut Buffer) {
    let (t, columns) = (&app.theme, usize::from(area.width));
    let untrained = app.shown().untrained.as_deref();
    let pixels = untrained.and_then(|u| u.pixels);
    let images = row.confusion.as_ref().map(|c| c.y.iter().flatten().sum::<u32>()).filter(|n| *n > 0);
    let head = format!("  {:<12}{:>10}{:>7}{:>11}{:>8}{:>13}", "layer", "accuracy", "±", "untrained", "gain", "over pixels");
    put(buf, area, 0, &cut(&head, columns), t.dim);
    let mut line = |at: u16, name: &str, mark: &str, now: f64, before: Option<f64>| {
        let error = images.map_or("–".into(), |n| format!("{:.1}", 100.0 * (now * (1.0 - now) / f64::from(n)).sqrt()));
        let gain = |from: Option<f64>| from.map_or("–".into(), |v| format!("{:+.1}", 100.0 * (now - v)));
        let before_text = before.map_or("–".into(), percent);
        let text = format!(
            "{mark} {name:<12}{:>10}{error:>7}{before_text:>11}{:>8}{:>13}",
            percent(now),
            gain(before.filter(|_| row.step > 0)),
            gain(pixels)
        );
        let style = if mark == "▸" { t.accent.add_modifier(Modifier::BOLD) } else { t.text };
        put_line(buf, area, at, &Line::styled(cut(&text, columns), style));
    };
    for (i, layer) in Layer::ALL.into_iter().enumerate() {
        let mark = if layer == picked { "▸" } else { " " };
        line(1 + i as u16, layer.name(), mark, accuracy(row, layer), untrained.map(|u| accuracy(u, layer)));
    }
    line(4, "Y, by kNN", " ", row.accuracy.knn.y, untrained.map(|u| u.accuracy.knn.y));
    let known = [
        pixels.map(|v| format!("pixels {}", percent(v))),
        Some(format!("chance {}", percent(row.chance))),
        images.map(|n| format!("{} held-out images; ± is one standard error", grouped(u64::from(n)))),
    ];
    put(buf, area, 5, &cut(&format!("  {}", known.into_iter().flatten().collect::<Vec<_>>().join(" · ")), columns), t.dim);
}

fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1} %", 100.0 * share) } else { "–".into() }
}
