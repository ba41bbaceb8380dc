//! The one table of tabs: the views of the workbench, in the order of the row at the top. A tab is a line of it.

use super::{
    app::{App, Mode},
    keys::Action,
};

/// One view.
#[derive(Debug, Clone, Copy)]
pub struct Tab {
    pub name: &'static str,
    /// Where there is little room.
    pub short: &'static str,
    /// What opens it; its key is that of the tab.
    pub action: Action,
    /// True if this is what lies over the charts.
    shows: fn(&Mode) -> bool,
    /// False if this run has nothing to show in it.
    has: fn(&App) -> bool,
}

const fn tab(name: &'static str, short: &'static str, action: Action, shows: fn(&Mode) -> bool, has: fn(&App) -> bool) -> Tab {
    Tab { name, short, action, shows, has }
}

/// All of them. The first is there whenever no other is.
pub const TABS: &[Tab] = &[
    tab("Train", "Train", Action::Train, |_| false, |_| true),
    tab("Estimators", "Estim.", Action::Estimators, |m| matches!(m, Mode::Estimators(_)), |_| true),
    tab("Representation", "Codes", Action::Representation, |m| matches!(m, Mode::Representation { .. }), has_encoder),
    tab("Probes", "Probes", Action::Probes, |m| matches!(m, Mode::Probes(_)), has_encoder),
    tab("Runs", "Runs", Action::Runs, |m| matches!(m, Mode::Runs(_)), |_| true),
    tab("Data", "Data", Action::Data, |m| matches!(m, Mode::Data(_)), has_encoder),
    tab("Log", "Log", Action::Log, |m| matches!(m, Mode::Log { .. }), |_| true),
];

fn has_encoder(app: &App) -> bool {
    app.live.config.has_encoder()
}

/// Those that this run has.
pub fn all(app: &App) -> impl Iterator<Item = &'static Tab> {
    TABS.iter().filter(|tab| (tab.has)(app))
}

/// The action of the one that is open.
pub fn present(app: &App) -> Action {
    // An explanation lies over a view, which stays the open one.
    let mode = if let Mode::Explain(open) = &app.mode { &open.over } else { &app.mode };
    all(app).find(|tab| (tab.shows)(mode)).map_or(Action::Train, |tab| tab.action)
}

/// The action of the one beside it; after the last comes the first.
pub fn beside(app: &App, next: bool) -> Action {
    let actions: Vec<Action> = all(app).map(|tab| tab.action).collect();
    let at = actions.iter().position(|action| *action == present(app)).unwrap_or(0);
    actions[(at + if next { 1 } else { actions.len() - 1 }) % actions.len()]
}

/// True if the action opens a view.
pub fn opens(action: Action) -> bool {
    TABS.iter().any(|tab| tab.action == action)
}
