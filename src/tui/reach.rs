//! Which keys do what the key table says of them while something lies over the panels. The views hand on these, and the hints line
//! offers no others.

use super::{
    app::{App, Mode},
    keys::{Action, Binding, Group},
    runs::Page,
    tabs,
    tour::{Spot, cards},
};

/// A key and what it does there.
pub type Own = (String, &'static str);

/// True if every view hands the key on to what it does elsewhere.
pub fn passes(binding: &Binding) -> bool {
    use Action::{Explain, Filter, Freeze, Overlays, Redraw, Smooth, Tab};
    match (binding.action, binding.group) {
        (_, Group::Training | Group::Objective | Group::Lesson | Group::Program) => true,
        (Tab { .. } | Filter | Explain | Overlays | Smooth | Redraw | Freeze, _) => true,
        (action, _) => tabs::opens(action),
    }
}

/// True if something lies over the panels, so that their keys are not theirs.
pub fn is_covered(app: &App) -> bool {
    match &app.mode {
        Mode::Normal => false,
        // The last card points at the line of keys as it will be.
        Mode::Tour(card) => cards(&app.live.config).get(*card).is_none_or(|card| card.at != Spot::Keys),
        _ => true,
    }
}

/// The keys of what takes no others, in words of its own.
pub fn own(app: &App) -> Option<Vec<Own>> {
    let keys = |words: &[(&str, &'static str)]| Some(words.iter().map(|(key, does)| ((*key).to_owned(), *does)).collect());
    let typed = keys(&[("Enter", "keep"), ("Esc", "show all")]);
    match &app.mode {
        Mode::Log { typing: true } => typed,
        Mode::Runs(_) if app.runs.typing => typed,
        Mode::Help { .. } if app.help.typing => typed,
        Mode::Help { .. } => {
            let away = if app.help.filter.is_empty() { "back" } else { "show all" };
            let filter = (app.ui.keys.name(Action::Filter), "filter");
            Some(vec![("↑↓".into(), "scroll"), filter, (app.ui.keys.name(Action::Escape), away)])
        }
        Mode::Quit | Mode::Restart | Mode::Travel(_) => keys(&[("y", "yes"), ("n", "no"), ("Esc", "back")]),
        Mode::Tour(_) if is_covered(app) => keys(&[("Enter", "next"), ("←", "back"), ("Esc", "away")]),
        _ => None,
    }
}

/// True if the view leaves out what has not the words of its filter; then the first Esc shows all.
pub fn is_filtered(app: &App) -> bool {
    match &app.mode {
        Mode::Log { .. } => !app.log.filter.is_empty(),
        Mode::Runs(Page::List) => !app.runs.filter.is_empty(),
        _ => false,
    }
}

/// True if the key does what its hint says, with what lies over the panels now.
pub fn reaches(app: &App, binding: &Binding) -> bool {
    if !is_covered(app) {
        return true;
    }
    let action = binding.action;
    match &app.mode {
        _ if action == Action::Escape => true,
        // What else a key does, it does to what is behind; only this one closes the explanation and no more.
        Mode::Explain(_) if matches!(action, Action::Quit | Action::Explain) => false,
        Mode::Explain(open) => binding.group != Group::Panels && shown_by(&open.over, app, binding),
        mode => shown_by(mode, app, binding),
    }
}

/// The same of a view.
fn shown_by(mode: &Mode, app: &App, binding: &Binding) -> bool {
    let action = binding.action;
    match mode {
        Mode::Normal => true,
        // The key that opened it closes it.
        _ if action == tabs::present(app) => false,
        Mode::Runs(_) => passes(binding) && action != Action::Pause,
        Mode::Log { .. } => passes(binding),
        _ => passes(binding) && action != Action::Filter,
    }
}
