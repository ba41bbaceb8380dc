//! How the charts are looked at: which part of the axis, what it counts in, which lines of a legend are hidden.

use crate::{
    train::history::Axis,
    tui::{
        app::{App, ChartId, Cursor, Panel},
        layout::layout,
        sight::{Entry, Range, least, windows},
        view::charts,
    },
};

/// How much a key zooms, a turn of the wheel, and by which share of its width a key moves the view.
const KEY: f64 = 2.0;
pub const WHEEL: f64 = 1.25;
const MOVE: f64 = 0.25;

/// The chart in focus, or the first one.
pub fn chart(app: &App) -> ChartId {
    if let Panel::Chart(id) = app.focus { id } else { app.charts()[0] }
}

/// Narrower about a place on the axis, or wider if `factor` is below one.
pub fn zoom_at(app: &mut App, about: f64, factor: f64) {
    app.sight.range = app.sight.range.zoomed(&app.bounds(), about, factor, least(app.sight.axis));
}

/// The same about the crosshair, or else about the newest step, as far as they are in view.
pub fn zoom(app: &mut App, closer: bool) {
    let (from, to) = app.x_range();
    let bounds = app.bounds();
    let seen = |x: &f64| (from..=to).contains(x);
    let about = app.cursor.map(|c| c.x).filter(seen).or(Some(bounds.newest).filter(seen)).unwrap_or((from + to) / 2.0);
    let before = app.sight.range;
    zoom_at(app, about, if closer { KEY } else { 1.0 / KEY });
    match (app.sight.range == before, closer) {
        (true, true) => app.say("this is as near as it gets"),
        (true, false) => app.say("the charts show the whole axis"),
        _ => tell_range(app),
    }
}

/// Along the axis by a share of what is shown.
pub fn pan(app: &mut App, share: f64) {
    let (from, to) = app.x_range();
    pan_by(app, (to - from) * share);
}

pub fn pan_by(app: &mut App, by: f64) {
    app.sight.range = app.sight.range.panned(&app.bounds(), by, least(app.sight.axis));
}

pub fn pan_by_key(app: &mut App, later: bool) {
    if app.sight.range == Range::All {
        return app.say("the charts show the whole axis: {closer} or the wheel zooms in");
    }
    pan(app, if later { MOVE } else { -MOVE });
    tell_range(app);
}

pub fn show_whole(app: &mut App) {
    app.sight.range = Range::All;
    tell_range(app);
}

/// All, then what ends with the newest step, in two widths.
pub fn window(app: &mut App) {
    let widths = windows(app.sight.axis).map(Range::Last);
    app.sight.range = match widths.iter().position(|range| *range == app.sight.range) {
        None => widths[0],
        Some(at) => widths.get(at + 1).copied().unwrap_or_default(),
    };
    tell_range(app);
}

fn tell_range(app: &mut App) {
    let text = match (app.range_words(), app.sight.range) {
        (None, _) => "the charts show the whole axis and follow the newest step".to_owned(),
        (Some(words), Range::Last(_)) => format!("the charts show the {words} and follow; {{whole}} shows all"),
        (Some(words), _) => format!("the charts show {words} and stay there; {{whole}} shows all"),
    };
    app.say(text);
}

/// Steps, time, epochs, as far as it is known where the steps of this run lie on them.
pub fn next_axis(app: &mut App) {
    let at = Axis::ALL.iter().position(|axis| *axis == app.sight.axis).unwrap_or(0);
    let mut others = (1..Axis::ALL.len()).map(|by| Axis::ALL[(at + by) % Axis::ALL.len()]);
    let Some(next) = others.find(|axis| app.history.knows(*axis)) else {
        return app.say("neither time nor epochs of any step are known yet");
    };
    count_in(app, next);
    app.say(match next {
        Axis::Steps => "the charts run over steps",
        Axis::Time => "the charts run over training time, each run from its own start",
        Axis::Epochs => "the charts run over epochs: passes over the training images",
    });
}

/// Another axis; what is in view stays so.
pub fn count_in(app: &mut App, axis: Axis) {
    let (history, old, newest) = (app.history.clone(), app.sight.axis, app.bounds().newest);
    let other = |x: f64| history.place(axis, history.step_at(old, x));
    app.sight.range = match app.sight.range {
        Range::All => Range::All,
        Range::Last(width) => Range::Last((other(newest) - other(newest - width)).max(least(axis))),
        Range::Fixed(from, to) => Range::Fixed(other(from), other(to).max(other(from) + least(axis))),
    };
    let rounded = |x: f64| if axis == Axis::Steps { x.round() } else { x };
    app.cursor = app.cursor.map(|c| Cursor { x: rounded(other(c.x)), ..c });
    app.sight.axis = axis;
}

/// The next entry of the legend, after the last none.
pub fn pick(app: &mut App) {
    let id = chart(app);
    app.focus = Panel::Chart(id);
    let entries = entries(app, id);
    let now = app.sight.picked.filter(|(of, _)| *of == id).and_then(|(_, e)| entries.iter().position(|(entry, _)| *entry == e));
    let next = now.map_or(0, |at| at + 1);
    app.sight.picked = entries.get(next).map(|(entry, _)| (id, *entry));
    match entries.get(next) {
        Some((_, name)) => app.say(format!("{name}: {{hide-entry}} hides or shows it")),
        None if entries.is_empty() => app.say("the legend has no entries yet"),
        None => app.say("no entry is picked"),
    }
}

/// Those of the legend of a chart that is on the screen, with their names.
fn entries(app: &App, id: ChartId) -> Vec<(Entry, String)> {
    let area = layout(app).and_then(|layout| layout.charts.into_iter().find(|(of, _)| *of == id));
    area.map(|(_, area)| charts::entries(app, id, area)).unwrap_or_default()
}

/// Hides the picked entry, or shows it again.
pub fn toggle_picked(app: &mut App) {
    match app.sight.picked {
        Some((id, entry)) => toggle(app, id, entry),
        None => app.say("{pick-entry} picks an entry of the legend first; a click on one hides it at once"),
    }
}

pub fn toggle(app: &mut App, id: ChartId, entry: Entry) {
    let hidden = app.sight.toggle(id, entry);
    let name = entries(app, id).into_iter().find(|(e, _)| *e == entry).map(|(_, name)| name).unwrap_or_default();
    app.say(if hidden {
        format!("{name} is hidden; {{show-entries}} shows everything again")
    } else {
        format!("{name} is shown")
    });
}

pub fn show_all_entries(app: &mut App) {
    app.say(match app.sight.hidden.is_empty() {
        true => "nothing is hidden: {pick-entry} picks an entry of a legend, {hide-entry} hides it",
        false => "everything is shown again",
    });
    app.sight.hidden.clear();
    app.sight.picked = None;
}
