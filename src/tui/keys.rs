//! The one table of keys: what each does, how the help says it, and when the hints show it. Dispatch, the help overlay,
//! the hints line and the reference in the README all read it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    First,
    Last,
    NextPanel,
    PreviousPanel,
    Enter,
    Escape,
    Default,
    Estimator {
        up: bool,
    },
    Estimators,
    Representation,
    Probes,
    Data,
    Explain,
    LessonNext,
    LessonBack,
    LessonTry,
    LessonAnswer,
    Runs,
    Filter,
    Overlays,
    Smooth,
    /// The charts, without any view over them.
    Train,
    Log,
    /// The view beside the present one, in the row of tabs.
    Tab {
        next: bool,
    },
    Fork,
    LocalMode,
    GlobalMode,
    PriorMode,
    LocalNegatives {
        up: bool,
    },
    GlobalNegatives {
        up: bool,
    },
    LearningRate {
        up: bool,
    },
    Preset(usize),
    Remedy,
    Dismiss,
    Undo,
    Pause,
    Step,
    Checkpoint,
    Probe,
    Restart,
    Freeze,
    Zoom,
    LogScale,
    Window,
    Closer,
    Wider,
    Earlier,
    Later,
    Whole,
    Axis,
    PickEntry,
    HideEntry,
    ShowEntries,
    WriteBack,
    Command,
    Help,
    Quit,
    Suspend,
    Redraw,
    Picture,
    /// The mouse is ours, or the terminal's.
    Mouse,
}

/// Under which heading the help lists a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Training,
    Objective,
    Panels,
    View,
    Lesson,
    Program,
}

impl Group {
    pub const ALL: [Group; 6] = [Group::Training, Group::Objective, Group::Panels, Group::View, Group::Lesson, Group::Program];

    pub fn title(self) -> &'static str {
        match self {
            Group::Training => "Training",
            Group::Objective => "Objective",
            Group::Panels => "Panels",
            Group::View => "View",
            Group::Lesson => "Lesson",
            Group::Program => "Program",
        }
    }
}

/// When the hints line offers a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Never,
    Always,
    /// While the controls have the focus.
    Controls,
    /// While a chart has the focus.
    Charts,
    /// While the log has the focus.
    Log,
    /// While a trainer lives.
    Alive,
    /// While there are steps to come.
    Running,
    Paused,
    /// Some setting waits for a new run.
    NeedsRestart,
    /// Run and file differ.
    FileDiffers,
    /// The doctor has found something.
    Finding,
    /// A change can be taken back.
    Changed,
    /// Other runs lie over the charts.
    Overlaid,
    /// A lesson is taken.
    Lesson,
    /// Always; of more worth while the mouse is the terminal's.
    Mouse,
    /// The charts show a part of their axis.
    Zoomed,
    /// A legend entry is picked.
    Picked,
    /// Something of a legend is hidden.
    Hidden,
    /// A view or a card lies over the panels.
    Covered,
}

/// A key with its modifiers. Shift is part of a letter (`G`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord(pub KeyCode, pub KeyModifiers);

impl Chord {
    pub fn matches(&self, event: &KeyEvent) -> bool {
        let mask = if matches!(self.0, KeyCode::Char(_) | KeyCode::BackTab) { KeyModifiers::SHIFT } else { KeyModifiers::NONE };
        self.0 == event.code && self.1 == event.modifiers - mask
    }

    /// As a user reads it.
    pub fn name(&self) -> String {
        let key = match self.0 {
            KeyCode::Char(' ') => "Space".into(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Up => "↑".into(),
            KeyCode::Down => "↓".into(),
            KeyCode::Left => "←".into(),
            KeyCode::Right => "→".into(),
            KeyCode::PageUp => "PgUp".into(),
            KeyCode::PageDown => "PgDn".into(),
            KeyCode::BackTab => "Shift-Tab".into(),
            KeyCode::Backspace => "Backspace".into(),
            KeyCode::F(n) => format!("F{n}"),
            other => format!("{other:?}"),
        };
        let has = |modifier| self.1.contains(modifier);
        let shift = if has(KeyModifiers::SHIFT) && self.0 != KeyCode::BackTab { "Shift-" } else { "" };
        let alt = if has(KeyModifiers::ALT) { "Alt-" } else { "" };
        match (has(KeyModifiers::CONTROL), self.0) {
            (true, KeyCode::Char(_)) => format!("Ctrl-{alt}{shift}{}", key.to_uppercase()),
            (true, _) => format!("Ctrl-{alt}{shift}{key}"),
            (false, _) => format!("{alt}{shift}{key}"),
        }
    }
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    pub keys: &'static [Chord],
    pub action: Action,
    pub group: Group,
    /// One line of the help; empty where the next line tells for both.
    pub help: &'static str,
    /// A word or two for the hints line.
    pub hint: &'static str,
    pub when: When,
}

const fn c(c: char) -> Chord {
    Chord(KeyCode::Char(c), KeyModifiers::NONE)
}
const fn k(code: KeyCode) -> Chord {
    Chord(code, KeyModifiers::NONE)
}
const fn ctrl(c: char) -> Chord {
    Chord(KeyCode::Char(c), KeyModifiers::CONTROL)
}
const fn ctrl_k(code: KeyCode) -> Chord {
    Chord(code, KeyModifiers::CONTROL)
}
const fn shift(code: KeyCode) -> Chord {
    Chord(code, KeyModifiers::SHIFT)
}
const fn bind(
    keys: &'static [Chord],
    action: Action,
    group: Group,
    help: &'static str,
    hint: &'static str,
    when: When,
) -> Binding {
    Binding { keys, action, group, help, hint, when }
}

use Group::{Lesson, Objective, Panels, Program, Training, View};

/// Every key of the workbench, in the order of the help; the hints line takes from the top what fits.
pub const BINDINGS: &[Binding] = &[
    bind(&[c(' ')], Action::Pause, Training, "pause or resume training", "pause", When::Running),
    bind(&[c('s')], Action::Step, Training, "one single step, then pause", "step", When::Paused),
    bind(&[c('c')], Action::Checkpoint, Training, "save a checkpoint now", "checkpoint", When::Paused),
    bind(&[c('p')], Action::Probe, Training, "take a probe now", "probe", When::Paused),
    bind(&[c('R')], Action::Restart, Training, "restart: a new run with the present settings", "restart", When::NeedsRestart),
    bind(&[c('F')], Action::Fork, Training, "fork: a new run from the checkpoint picked in 'runs'", "", When::Never),
    bind(&[c('e')], Action::Estimator { up: true }, Objective, "next estimator", "estimator", When::Alive),
    bind(&[c('E')], Action::Estimator { up: false }, Objective, "previous estimator", "", When::Never),
    bind(&[c('L')], Action::LocalMode, Objective, "local term: train, monitor, off", "local", When::Alive),
    bind(&[c('G')], Action::GlobalMode, Objective, "global term: train, monitor, off", "global", When::Alive),
    bind(&[c('P')], Action::PriorMode, Objective, "prior term: train, monitor, off", "prior", When::Alive),
    bind(&[c(']')], Action::LocalNegatives { up: true }, Objective, "more negatives K for the local term", "", When::Never),
    bind(&[c('[')], Action::LocalNegatives { up: false }, Objective, "fewer negatives K for the local term", "", When::Never),
    bind(&[c('}')], Action::GlobalNegatives { up: true }, Objective, "more negatives K for the global term", "", When::Never),
    bind(&[c('{')], Action::GlobalNegatives { up: false }, Objective, "fewer negatives K for the global term", "", When::Never),
    bind(&[c('>')], Action::LearningRate { up: true }, Objective, "raise the learning rate", "", When::Never),
    bind(&[c('<')], Action::LearningRate { up: false }, Objective, "lower the learning rate", "", When::Never),
    bind(&[c('1')], Action::Preset(0), Objective, "preset DIM(G)", "", When::Never),
    bind(&[c('2')], Action::Preset(1), Objective, "preset DIM(L)", "", When::Never),
    bind(&[c('3')], Action::Preset(2), Objective, "preset DIM(L+G)", "", When::Never),
    bind(&[c('x')], Action::Remedy, Objective, "the doctor's remedy for what is off", "", When::Never),
    bind(&[c('X')], Action::Dismiss, Objective, "dismiss the doctor's finding", "dismiss", When::Finding),
    bind(&[c('u')], Action::Undo, Objective, "undo the newest change; again: the one before", "undo", When::Changed),
    bind(&[k(KeyCode::Tab)], Action::NextPanel, Panels, "next panel", "panel", When::Always),
    bind(&[k(KeyCode::BackTab)], Action::PreviousPanel, Panels, "previous panel", "", When::Never),
    bind(&[k(KeyCode::Up), c('k')], Action::Up, Panels, "controls: select · log: scroll · charts: chart above", "", When::Never),
    bind(&[k(KeyCode::Down), c('j')], Action::Down, Panels, "the same, downwards", "select", When::Controls),
    bind(
        &[k(KeyCode::Left), c('h')],
        Action::Left,
        Panels,
        "controls: lower value · charts: move the crosshair",
        "",
        When::Never,
    ),
    bind(&[k(KeyCode::Right), c('l')], Action::Right, Panels, "the same, upwards", "change", When::Controls),
    bind(&[k(KeyCode::PageUp)], Action::PageUp, Panels, "a page up (charts: crosshair far left)", "", When::Never),
    bind(&[k(KeyCode::PageDown)], Action::PageDown, Panels, "a page down (charts: crosshair far right)", "", When::Never),
    bind(&[k(KeyCode::Home)], Action::First, Panels, "to the first", "", When::Never),
    bind(&[k(KeyCode::End)], Action::Last, Panels, "to the last", "newest", When::Log),
    bind(&[k(KeyCode::Enter)], Action::Enter, Panels, "controls: type a value · charts: full screen", "type", When::Controls),
    bind(
        &[c('d'), k(KeyCode::Backspace)],
        Action::Default,
        Panels,
        "selected setting back to its default",
        "default",
        When::Controls,
    ),
    bind(&[c('C')], Action::Train, View, "the charts, whatever lies over them", "", When::Never),
    bind(&[c('v')], Action::Estimators, View, "all estimators on the newest scores, and back", "estimators", When::Alive),
    bind(
        &[c('r')],
        Action::Representation,
        View,
        "codes of held-out images; one looked into; and back",
        "representation",
        When::Alive,
    ),
    bind(&[c('a')], Action::Probes, View, "probes: baselines, confusion, factors; and back", "accuracies", When::Alive),
    bind(&[c('D')], Action::Data, View, "the images, their factors and augmentation; and back", "data", When::Alive),
    bind(&[c('i')], Action::Explain, View, "explain what has the focus: formula, unit, source", "explain", When::Always),
    bind(&[c('o')], Action::Runs, View, "other runs: compare, go back to, fork; and back", "runs", When::Alive),
    bind(&[c('g')], Action::Log, View, "the log in full; and back", "", When::Never),
    bind(&[c('('), ctrl_k(KeyCode::PageUp)], Action::Tab { next: false }, View, "the tab to the left", "", When::Never),
    bind(&[c(')'), ctrl_k(KeyCode::PageDown)], Action::Tab { next: true }, View, "the tab to the right", "", When::Never),
    bind(&[c('/')], Action::Filter, View, "settings, log, runs, help: those with these words", "filter", When::Controls),
    bind(&[c('O')], Action::Overlays, View, "overlaid runs off the charts", "runs off", When::Overlaid),
    bind(&[c('S')], Action::Smooth, View, "smooth the curves (moving average), and back", "smooth", When::Charts),
    bind(&[c('z')], Action::Zoom, View, "a chart in full screen, and back", "full screen", When::Charts),
    bind(&[c('y')], Action::LogScale, View, "logarithmic axis of the chart", "log axis", When::Charts),
    bind(&[c('+'), c('=')], Action::Closer, View, "zoom in at the crosshair, else at the newest step", "zoom", When::Charts),
    bind(&[c('-')], Action::Wider, View, "zoom out", "", When::Never),
    bind(&[c(','), shift(KeyCode::Left)], Action::Earlier, View, "zoomed: earlier (or drag; Shift-wheel)", "", When::Never),
    bind(&[c('.'), shift(KeyCode::Right)], Action::Later, View, "zoomed: later", "", When::Never),
    bind(&[c('0')], Action::Whole, View, "the whole axis again, up to the newest step", "all", When::Zoomed),
    bind(&[c('w')], Action::Window, View, "what is shown: all, last 1,000 steps, last 200", "window", When::Charts),
    bind(&[c('Y')], Action::Axis, View, "axis: steps, training time, epochs", "axis", When::Charts),
    bind(&[c('b')], Action::PickEntry, View, "pick the next entry of the chart's legend", "legend", When::Charts),
    bind(&[c('B')], Action::HideEntry, View, "hide or show the picked entry (or click on it)", "hide or show", When::Picked),
    bind(&[c('A')], Action::ShowEntries, View, "show what is hidden, on all charts", "unhide", When::Hidden),
    bind(&[c('f')], Action::Freeze, View, "freeze the view; training goes on", "freeze", When::Charts),
    bind(&[k(KeyCode::Esc)], Action::Escape, View, "view, crosshair, full screen, message: away", "back", When::Covered),
    bind(&[ctrl('l')], Action::Redraw, View, "draw the screen anew", "", When::Never),
    bind(&[c('n')], Action::LessonNext, Lesson, "lesson: the next card", "next", When::Lesson),
    bind(&[c('N')], Action::LessonBack, Lesson, "lesson: the card before", "", When::Never),
    bind(&[c('t')], Action::LessonTry, Lesson, "lesson: make the change of the card", "try", When::Lesson),
    bind(&[c('T')], Action::LessonAnswer, Lesson, "lesson: the answer, and back", "answer", When::Lesson),
    bind(&[c('m')], Action::Mouse, Program, "mouse off, so that text can be selected; and on", "mouse on", When::Mouse),
    bind(&[c('W')], Action::WriteBack, Program, "write the run's settings into the config file", "write file", When::FileDiffers),
    bind(&[c(':')], Action::Command, Program, "find anything by a few letters; or set, preset, w, …", "find", When::Always),
    bind(&[c('?'), k(KeyCode::F(1))], Action::Help, Program, "this help", "help", When::Always),
    bind(&[c('q'), ctrl('c')], Action::Quit, Program, "quit (asks while training; saves a checkpoint)", "quit", When::Always),
    bind(&[ctrl('s')], Action::Picture, Program, "the screen as a picture (SVG) in the run directory", "", When::Never),
    bind(&[ctrl('z')], Action::Suspend, Program, "suspend to the shell; fg comes back", "", When::Never),
];

/// What a key press means outside of dialogs and the command line.
pub fn action(event: &KeyEvent) -> Option<Action> {
    binding(event).map(|b| b.action)
}

/// The line of the table that a key press belongs to.
pub fn binding(event: &KeyEvent) -> Option<&'static Binding> {
    BINDINGS.iter().find(|b| b.keys.iter().any(|k| k.matches(event)))
}

/// The line of the table that an action has.
pub fn of(action: Action) -> Option<&'static Binding> {
    BINDINGS.iter().find(|b| b.action == action)
}

/// The table as Markdown, for the README.
pub fn markdown() -> String {
    let mut text = String::from("| key | does | name |\n| --- | --- | --- |\n");
    for group in Group::ALL {
        for b in BINDINGS.iter().filter(|b| b.group == group) {
            let keys = b.keys.iter().map(|k| format!("`{}`", k.name())).collect::<Vec<_>>().join(" ");
            text.push_str(&format!("| {keys} | {} | `{}` |\n", b.help, super::keymap::action_name(b.action)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_is_bound_twice() {
        let all: Vec<(Chord, Action)> = BINDINGS.iter().flat_map(|b| b.keys.iter().map(|k| (*k, b.action))).collect();
        for (i, (chord, action)) in all.iter().enumerate() {
            for (other, second) in &all[i + 1..] {
                assert_ne!(chord, other, "{} does both {action:?} and {second:?}", chord.name());
            }
        }
    }

    #[test]
    fn shift_is_part_of_a_letter() {
        assert_eq!(action(&KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT)), Some(Action::GlobalMode));
        assert_eq!(action(&KeyEvent::new(KeyCode::BackTab, KeyModifiers::SHIFT)), Some(Action::PreviousPanel));
        assert_eq!(action(&KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Some(Action::Quit));
        assert_eq!(action(&KeyEvent::new(KeyCode::Char('c'), KeyModifiers::ALT)), None);
    }
}
