//! The keys of what lies over the charts: what moves about in the panels behind moves in the view, and settings change as always, so that
//! one sees what comes of it.

use crossterm::event::KeyEvent;

use super::act;
use crate::tui::{
    app::{App, Mode},
    keys::{self, Action, Binding, Group},
    message::Effect,
    prompt::Prompt,
    tabs,
    view::{estimators::Term, probes::Looking},
};

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
    match (binding.action, binding.group) {
        (action, _) if action == open || action == Action::Escape => app.mode = Mode::Normal,
        (action, Group::Training | Group::Objective | Group::Program) => {
            app.notice = None;
            return act::act(app, action);
        }
        (action, _) if tabs::opens(action) => return act::act(app, action),
        (Action::Tab { .. } | Action::Filter, _) | (Action::Overlays | Action::Smooth | Action::Redraw | Action::Freeze, _) => {
            return act::act(app, binding.action);
        }
        _ => {}
    }
    Vec::new()
}
