//! The keys of what lies over the charts: what moves about in the panels behind moves in the view, and settings change as always, so that
//! one sees what comes of it.

use crossterm::event::KeyEvent;

use super::act;
use crate::{
    train::{GALLERY, Split, Wanted},
    tui::{
        app::{App, Mode},
        keys::{self, Action, Binding, Group},
        message::Effect,
        prompt::Prompt,
        reach::passes,
        view::{data::grid, estimators::Term, probes::Looking},
    },
};

/// Lines of a page.
const PAGE: isize = 10;

/// How far a key moves in a list or a text.
pub fn step_of(action: Action) -> Option<isize> {
    match action {
        Action::Up => Some(-1),
        Action::Down => Some(1),
        Action::PageUp => Some(-PAGE),
        Action::PageDown => Some(PAGE),
        Action::First => Some(isize::MIN),
        Action::Last => Some(isize::MAX),
        _ => None,
    }
}

/// Where a text stands that was scrolled to `at` and is moved by so many lines; it ends at `last`.
pub fn scrolled(at: usize, by: isize, last: usize) -> usize {
    at.min(last).saturating_add_signed(by).min(last)
}

pub fn estimators(app: &mut App, term: Term, key: KeyEvent) -> Vec<Effect> {
    let other = if term == Term::Local { Term::Global } else { Term::Local };
    let Some(binding) = keys::binding(&key) else { return Vec::new() };
    match binding.action {
        Action::Left | Action::Right | Action::NextPanel | Action::PreviousPanel => app.mode = Mode::Estimators(other),
        // The estimator of the term that is shown, if it has one of its own.
        Action::Estimator { up } => {
            let objective = &app.wanted().objective;
            let (own, key) = match term {
                Term::Local => (&objective.local.estimator, "objective.local.estimator"),
                Term::Global => (&objective.global.estimator, "objective.global.estimator"),
            };
            return act::change(app, if own == "inherit" { "objective.estimator" } else { key }, up);
        }
        _ => return otherwise(app, Action::Estimators, binding),
    }
    Vec::new()
}

pub fn representation(app: &mut App, picked: usize, key: KeyEvent) -> Vec<Effect> {
    let Some(binding) = keys::binding(&key) else { return Vec::new() };
    let images = app.live.portrait.as_ref().map_or(1, |p| p.pictures.len());
    let mut pick = |to: usize| app.mode = Mode::Representation { picked: to.min(images.saturating_sub(1)) };
    match binding.action {
        Action::Left => pick(picked.saturating_sub(1)),
        Action::Right => pick(picked + 1),
        Action::Up | Action::PageUp => pick(picked.saturating_sub(10)),
        Action::Down | Action::PageDown => pick(picked + 10),
        Action::First => pick(0),
        Action::Last => pick(images),
        _ => return otherwise(app, Action::Representation, binding),
    }
    Vec::new()
}

pub fn probes(app: &mut App, looking: Looking, key: KeyEvent) -> Vec<Effect> {
    let Some(binding) = keys::binding(&key) else { return Vec::new() };
    let Looking { layer, page } = looking;
    app.mode = Mode::Probes(match binding.action {
        Action::Left => Looking { layer: layer.turned(-1), ..looking },
        Action::Right => Looking { layer: layer.turned(1), ..looking },
        Action::Up | Action::PageUp | Action::PreviousPanel => Looking { page: page.turned(-1), ..looking },
        Action::Down | Action::PageDown | Action::NextPanel => Looking { page: page.turned(1), ..looking },
        _ => return otherwise(app, Action::Probes, binding),
    });
    Vec::new()
}

/// The images, from where one left them.
pub fn open_data(app: &mut App) {
    let before = app.live.gallery.as_ref();
    let wanted = before.map_or_else(Wanted::default, |g| Wanted { split: g.split, first: g.first, picked: g.picked });
    app.mode = Mode::Data(wanted);
}

/// Looks into this image of the split, or the last.
pub fn pick_image(app: &mut App, wanted: Wanted, to: usize) {
    // How many there are is known once some have been shown.
    let last = app.live.gallery.as_ref().filter(|g| g.split == wanted.split).map_or(0, |g| g.total.saturating_sub(1));
    let (picked, page) = (to.min(last), page_of_images(app));
    app.mode = Mode::Data(Wanted { first: picked / page * page, picked, ..wanted });
}

/// To the same place on the page before, or after.
pub fn turn_page(app: &mut App, wanted: Wanted, on: bool) {
    let page = page_of_images(app);
    pick_image(app, wanted, if on { wanted.picked + page } else { wanted.picked.saturating_sub(page) });
}

fn page_of_images(app: &App) -> usize {
    let (columns, rows) = grid(app);
    (columns * rows).min(GALLERY)
}

pub fn data(app: &mut App, wanted: Wanted, key: KeyEvent) -> Vec<Effect> {
    let Some(binding) = keys::binding(&key) else { return Vec::new() };
    let (columns, _) = grid(app);
    let mut pick = |to: usize| pick_image(app, wanted, to);
    match binding.action {
        Action::Left => pick(wanted.picked.saturating_sub(1)),
        Action::Right => pick(wanted.picked + 1),
        Action::Up => pick(wanted.picked.saturating_sub(columns)),
        Action::Down => pick(wanted.picked + columns),
        Action::PageUp => turn_page(app, wanted, false),
        Action::PageDown => turn_page(app, wanted, true),
        Action::First => pick(0),
        Action::Last => pick(usize::MAX),
        Action::NextPanel | Action::PreviousPanel => {
            let split = if wanted.split == Split::Training { Split::Test } else { Split::Training };
            app.mode = Mode::Data(Wanted { split, ..Wanted::default() });
        }
        _ => return otherwise(app, Action::Data, binding),
    }
    Vec::new()
}

pub fn log(app: &mut App, key: KeyEvent) -> Vec<Effect> {
    let Some(binding) = keys::binding(&key) else { return Vec::new() };
    match binding.action {
        Action::Up => app.log.scroll_filtered(1),
        Action::Down => app.log.scroll_filtered(-1),
        Action::PageUp => app.log.scroll_filtered(10),
        Action::PageDown => app.log.scroll_filtered(-10),
        Action::First => app.log.scroll_filtered(isize::MAX),
        Action::Last | Action::Enter => app.log.filtered_back = 0,
        Action::Escape if !app.log.filter.is_empty() => app.log.filtered(Prompt::default()),
        Action::Filter => return act::act(app, Action::Filter),
        _ => return otherwise(app, Action::Log, binding),
    }
    Vec::new()
}

/// What is the same in all views: the key that opened it closes it, those of the others lead there.
pub fn otherwise(app: &mut App, open: Action, binding: &Binding) -> Vec<Effect> {
    let action = binding.action;
    if action == open || action == Action::Escape {
        app.mode = Mode::Normal;
    } else if passes(binding) {
        if !matches!(binding.group, Group::View) {
            app.notice = None;
        }
        return act::act(app, action);
    }
    Vec::new()
}
