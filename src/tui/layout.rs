//! Where everything is. Pure: drawing and the mouse ask the same functions.
//!
//! ```text
//! header           2 rows
//! tabs             1 row, where there are 24
//! banner           0 to 6 rows: a failure, a broken file
//! charts    │ controls
//! charts    │
//! log (all of the width, or only below the charts on wide screens)
//! hints / command line
//! ```

use ratatui::layout::Rect;

use super::{
    app::{App, ChartId, Panel},
    controls::RESTART_FROM,
    keys::Action,
    slider::Slider,
    view::{self, banner, lesson},
};

/// Smallest screen.
pub const SMALLEST: (u16, u16) = (60, 20);
/// From this width on the controls go down to the bottom, beside the log.
const WIDE: u16 = 110;
/// Rows below which a chart says nothing; one of several may have one less.
const CHART_ROWS: u16 = 6;
/// Rows from which on the tabs have one.
const TAB_ROWS: u16 = 24;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    pub header: Rect,
    pub tabs: Rect,
    pub banner: Rect,
    /// Those that have room, top to bottom.
    pub charts: Vec<(ChartId, Rect)>,
    pub controls: Rect,
    pub log: Rect,
    pub bottom: Rect,
}

/// The layout for the app's area, or `None` if that is too small.
pub fn layout(app: &App) -> Option<Layout> {
    let area = app.area;
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return None;
    }
    let mut rest = area;
    let header = take_top(&mut rest, 2);
    let bottom = take_bottom(&mut rest, 1);
    let tabs = take_top(&mut rest, u16::from(area.height >= TAB_ROWS));
    let banner = take_top(&mut rest, banner::height(app, area.width));
    if let Some(id) = app.zoom {
        let none = Rect::new(rest.x, rest.bottom(), 0, 0);
        return Some(Layout { header, tabs, banner, charts: vec![(id, rest)], controls: none, log: none, bottom });
    }
    let control_width = (area.width * 3 / 10).clamp(28, 46);
    let log_rows = match app.lesson.as_ref().filter(|lesson| !lesson.hidden) {
        Some(_) => lesson::rows(rest.height),
        None => log_rows(rest.height),
    };
    let (log, controls);
    if area.width >= WIDE {
        controls = take_right(&mut rest, control_width);
        log = take_bottom(&mut rest, log_rows);
    } else {
        log = take_bottom(&mut rest, log_rows);
        controls = take_right(&mut rest, control_width);
    }
    Some(Layout { header, tabs, banner, charts: stack(app, rest), controls, log, bottom })
}

/// The title of the log and its lines.
fn log_rows(body: u16) -> u16 {
    match body {
        0..=22 => 3,
        23..=29 => 5,
        _ => (body / 4).min(14),
    }
}

/// As many charts as have room, the focused one among them. If only two have, accuracy is one of them: it is what the
/// losses are for.
fn stack(app: &App, area: Rect) -> Vec<(ChartId, Rect)> {
    let [first, second, third] = app.charts();
    let focused = if let Panel::Chart(id) = app.focus { Some(id) } else { None };
    let ids = match (area.height + 1) / CHART_ROWS {
        0 | 1 => vec![focused.unwrap_or(first)],
        2 if focused == Some(ChartId::Information) && second == ChartId::Information => vec![second, third],
        2 if second == ChartId::Information || focused == Some(third) => vec![first, third],
        2 => vec![first, second],
        _ => app.charts().to_vec(),
    };
    let mut rest = area;
    let mut charts = Vec::new();
    for (i, id) in ids.iter().enumerate() {
        let left = (ids.len() - i) as u16;
        // What is left over goes where a title has no room for the legend: below the losses, in the arena to the estimates.
        let height = if app.live.config.has_encoder() { rest.height / left } else { rest.height.div_ceil(left) };
        charts.push((*id, take_top(&mut rest, height)));
    }
    charts
}

fn take_top(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let taken = Rect { height: rows, ..*rest };
    rest.y += rows;
    rest.height -= rows;
    taken
}

fn take_bottom(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    rest.height -= rows;
    Rect { y: rest.bottom(), height: rows, ..*rest }
}

fn take_right(rest: &mut Rect, columns: u16) -> Rect {
    let columns = columns.min(rest.width);
    rest.width -= columns;
    Rect { x: rest.right(), width: columns, ..*rest }
}

/// One row of the list of controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    Control(usize),
    /// "with the next run" above the settings that need one.
    Restart,
}

/// Rows at the foot of the controls that explain the selected one, with a slider in the last. Where there are few, one less.
pub fn foot_rows(panel: Rect) -> u16 {
    if panel.height < 14 { 2 } else { 3 }
}

/// The foot of the controls.
pub fn foot_area(panel: Rect) -> Rect {
    let list = list_area(panel);
    Rect { y: list.bottom(), height: foot_rows(panel).min(panel.height), ..list }
}

/// The part of the controls panel that is the list.
pub fn list_area(panel: Rect) -> Rect {
    // A rule above and one at the left, and a blank column at the right.
    Rect {
        x: panel.x + 1.min(panel.width),
        y: panel.y + 1.min(panel.height),
        width: panel.width.saturating_sub(2),
        height: panel.height.saturating_sub(1 + foot_rows(panel)),
    }
}

/// The rows that are in view, top to bottom: as near to the top of the list as the selected one allows.
pub fn visible_rows(app: &App, list: Rect) -> Vec<Row> {
    let (live, restart): (Vec<usize>, Vec<usize>) = app.listed().into_iter().partition(|i| *i < RESTART_FROM);
    let control = |i: &usize| Row::Control(*i);
    let rule = Some(Row::Restart).filter(|_| !restart.is_empty());
    let rows: Vec<Row> = live.iter().map(control).chain(rule).chain(restart.iter().map(control)).collect();
    let height = usize::from(list.height);
    let selected = rows.iter().position(|r| *r == Row::Control(app.selected)).unwrap_or(0);
    // Two rows of context below the selected one.
    let first = (selected + 3).min(rows.len()).saturating_sub(height);
    rows.into_iter().skip(first).take(height).collect()
}

/// What is at a place on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    Control(usize),
    Controls,
    /// The slider of the selected setting, so many columns from its left end.
    Slider(u16),
    Tab(Action),
    Chart(ChartId, Rect),
    Log,
    Nothing,
}

/// What the mouse points at.
pub fn target(app: &App, x: u16, y: u16) -> Target {
    let Some(layout) = layout(app) else { return Target::Nothing };
    let inside = |r: Rect| r.contains((x, y).into());
    if let Some(tab) = view::tabs::places(app, layout.tabs).iter().find(|tab| inside(tab.area)) {
        return Target::Tab(tab.action);
    }
    if let Some((id, area)) = layout.charts.iter().find(|(_, r)| inside(*r)) {
        return Target::Chart(*id, *area);
    }
    if inside(layout.log) {
        return Target::Log;
    }
    if !inside(layout.controls) {
        return Target::Nothing;
    }
    if let Some(track) = Slider::of(app).and_then(|s| s.track(foot_area(layout.controls))).filter(|track| inside(*track)) {
        return Target::Slider(x - track.x);
    }
    let list = list_area(layout.controls);
    if inside(list)
        && let Some(Row::Control(i)) = visible_rows(app, list).get(usize::from(y - list.y))
    {
        return Target::Control(*i);
    }
    Target::Controls
}
