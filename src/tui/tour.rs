//! The tour: a few cards that point at the parts of the screen, at the first start ever and with `:tour`.

use std::{fs, io, path::PathBuf};

use super::app::{App, ChartId, Mode, Panel};
use crate::config::Config;

/// What a card points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    Header,
    Chart(ChartId),
    Settings,
    Keys,
}

/// One card.
#[derive(Debug, Clone, Copy)]
pub struct Card {
    pub title: &'static str,
    pub text: &'static str,
    pub at: Spot,
}

const HEADER: Card = Card {
    title: "What is going on",
    text: "An encoder is learning from images, right now, without being told what they show. Up here: which images, which encoder, how far it is.",
    at: Spot::Header,
};
const ARENA: Card = Card {
    title: "What is going on",
    text: "Estimators of mutual information meet the same pairs of numbers, whose information is known: the brightest line. Who follows it?",
    at: Spot::Header,
};
const LOSS: Card = Card {
    title: "Loss",
    text: "What training makes smaller, and the terms it is made of. Each estimator has a scale of its own, so a swap begins a new curve.",
    at: Spot::Chart(ChartId::Loss),
};
const INFORMATION: Card = Card {
    title: "Mutual information",
    text: "How much the code is known to say about its image, in nats. Believe the held-out points: of images that training never saw.",
    at: Spot::Chart(ChartId::Information),
};
const PROBES: Card = Card {
    title: "Probe accuracy",
    text: "How well a simple classifier reads the class off each layer. The encoder never sees the classes.",
    at: Spot::Chart(ChartId::Accuracy),
};
const PROBES_ON_SHAPES: Card = Card {
    title: "Probe accuracy",
    text: "How well a simple classifier reads the class off each layer. On these shapes it falls: hue and place are learned, the outline is \
           not. On photographs it rises.",
    at: Spot::Chart(ChartId::Accuracy),
};
const SETTINGS: Card = Card {
    title: "Settings",
    text: "Change anything while it trains: ↑↓ selects, ←→ changes. {estimator-up} swaps the estimator, {undo} takes a change back.",
    at: Spot::Settings,
};
const KEYS: Card = Card {
    title: "Keys",
    text: "{explain} explains what has the focus, {help} lists every key, {pause} pauses. :tour shows these cards again.",
    at: Spot::Keys,
};

/// The cards for a run, in order.
pub fn cards(config: &Config) -> Vec<Card> {
    if !config.has_encoder() {
        return vec![ARENA, SETTINGS, KEYS];
    }
    let probes = if config.data.name == "shapes" { PROBES_ON_SHAPES } else { PROBES };
    vec![HEADER, LOSS, INFORMATION, probes, SETTINGS, KEYS]
}

/// Shows the card of this number, and puts the focus on what it points at; beyond the last the tour is over.
pub fn show(app: &mut App, card: usize) {
    let cards = cards(&app.live.config);
    let Some(shown) = cards.get(card) else { return end(app) };
    app.zoom = None;
    app.focus = match shown.at {
        Spot::Chart(id) => Panel::Chart(id),
        _ => Panel::Controls,
    };
    app.mode = Mode::Tour(card);
}

/// Away with it.
pub fn end(app: &mut App) {
    app.mode = Mode::Normal;
    app.focus = Panel::Controls;
}

/// When the tour is shown at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tour {
    /// At the first start ever.
    #[default]
    Auto,
    Always,
    Never,
}

impl Tour {
    /// Whether this start shows it. `asked` is `DIM_TUI_TOUR`, which speaks where the flag does not; `file` remembers the first start.
    pub fn begins(self, asked: Option<&str>, file: Option<PathBuf>) -> bool {
        match (self, asked) {
            (Tour::Always, _) | (Tour::Auto, Some("always")) => true,
            (Tour::Never, _) | (Tour::Auto, Some(_)) => false,
            // What cannot be remembered would come at every start.
            (Tour::Auto, None) => file.is_some_and(|file| remember(&file).is_ok()),
        }
    }
}

/// The file by which the first start is known, in the user's folder for such things.
pub fn seen_file() -> Option<PathBuf> {
    let folder = dirs::state_dir().or_else(dirs::data_local_dir).or_else(dirs::config_dir)?;
    Some(folder.join("dim-tui/tour-seen"))
}

/// Makes the file; an error if it is there already, or cannot be made.
fn remember(file: &std::path::Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::File::create_new(file).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_comes_once_or_when_asked_and_never_where_it_cannot_be_remembered() {
        let dir = tempfile::tempdir().unwrap();
        let file = || Some(dir.path().join("state/dim-tui/tour-seen"));
        assert!(!Tour::Auto.begins(Some("never"), file()) && !Tour::Never.begins(Some("always"), file()));
        assert!(!file().unwrap().exists(), "what was not shown is not remembered");
        assert!(Tour::Auto.begins(None, file()));
        assert!(!Tour::Auto.begins(None, file()), "once");
        assert!(Tour::Always.begins(None, file()) && Tour::Auto.begins(Some("always"), file()));
        // A file in the place of the folder: nothing can be written.
        std::fs::write(dir.path().join("plain"), "").unwrap();
        assert!(!Tour::Auto.begins(None, Some(dir.path().join("plain/dim-tui/tour-seen"))));
        assert!(!Tour::Auto.begins(None, None));
    }
}
