//! The keys in force: those of the table, but for actions that the user has given keys of their own.
//!
//! A press of an own key is translated into the key that the table has for its action, at the one place where keys come in. So whoever
//! reads a key reads the table's, and only what is shown to the user asks here.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keys::{Action, BINDINGS, Binding, Chord, of};

/// What these mean cannot be changed: whatever else is wrong, they help.
const FIXED: [Chord; 2] = [Chord(KeyCode::Char('c'), KeyModifiers::CONTROL), Chord(KeyCode::Char('z'), KeyModifiers::CONTROL)];

/// The keys in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keymap {
    /// Instead of those in the table.
    own: Vec<(Action, Vec<Chord>)>,
}

/// One key that two actions would have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    pub chord: Chord,
    pub actions: (Action, Action),
}

impl Keymap {
    /// The table with these keys in place of its own.
    ///
    /// # Errors
    /// If two actions would have the same key.
    pub fn new(mut own: Vec<(Action, Vec<Chord>)>) -> Result<Self, Clash> {
        for (action, chords) in &mut own {
            let fixed = of(*action).into_iter().flat_map(|b| b.keys).filter(|k| FIXED.contains(k));
            let missing: Vec<Chord> = fixed.filter(|k| !chords.contains(k)).copied().collect();
            chords.extend(missing);
        }
        let map = Self { own };
        let all: Vec<(Chord, Action)> =
            BINDINGS.iter().flat_map(|b| map.chords(b).iter().map(|chord| (*chord, b.action))).collect();
        for (i, (chord, second)) in all.iter().enumerate() {
            if let Some((_, first)) = all[..i].iter().find(|(other, action)| other == chord && action != second) {
                return Err(Clash { chord: *chord, actions: (*first, *second) });
            }
        }
        Ok(map)
    }

    /// The keys of a line of the table.
    pub fn chords<'a>(&'a self, binding: &'a Binding) -> &'a [Chord] {
        self.own_of(binding.action).unwrap_or(binding.keys)
    }

    fn own_of(&self, action: Action) -> Option<&[Chord]> {
        self.own.iter().find(|(own, _)| *own == action).map(|(_, chords)| &chords[..])
    }

    /// All of them, as the help shows them.
    pub fn names(&self, binding: &Binding) -> String {
        self.chords(binding).iter().map(Chord::name).collect::<Vec<_>>().join(" ")
    }

    /// The first key of an action, as a user reads it; empty if it has none.
    pub fn name(&self, action: Action) -> String {
        of(action).and_then(|b| self.chords(b).first()).map(Chord::name).unwrap_or_default()
    }

    /// The text with the keys in force in the places of `{pause}`, `{log-scale}`, ...; any other braces stay as they are.
    pub fn said(&self, text: &str) -> String {
        let mut parts = text.split('{');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let known = part.split_once('}').and_then(|(name, rest)| Some((action_named(name)?, rest)));
            match known {
                Some((action, rest)) => {
                    out.push_str(&self.name(action));
                    out.push_str(rest);
                }
                None => {
                    out.push('{');
                    out.push_str(part);
                }
            }
        }
        out
    }

    /// The key of the table that a press stands for; `None` for a key that has been taken from its action.
    pub fn translate(&self, event: KeyEvent) -> Option<KeyEvent> {
        if FIXED.iter().any(|k| k.matches(&event)) {
            return Some(event);
        }
        let own = self.own.iter().find(|(_, chords)| chords.iter().any(|k| k.matches(&event)));
        if let Some((action, _)) = own {
            let Chord(code, modifiers) = *of(*action)?.keys.first()?;
            return Some(KeyEvent { code, modifiers, ..event });
        }
        let taken = |b: &Binding| self.own_of(b.action).is_some() && b.keys.iter().any(|k| k.matches(&event));
        (!BINDINGS.iter().any(taken)).then_some(event)
    }
}

/// The name by which the user's file knows an action: `log-scale`, `estimator-up`, `preset-1`. It follows from the action; the README
/// lists all of them, so that a change of one is seen.
pub fn action_name(action: Action) -> String {
    match action {
        Action::Preset(n) => return format!("preset-{}", n + 1),
        Action::Tab { next } => return if next { "next-tab" } else { "previous-tab" }.into(),
        _ => {}
    }
    let debug = format!("{action:?}");
    let (word, rest) = debug.split_once([' ', '(']).unwrap_or((debug.as_str(), ""));
    let mut name = String::new();
    for c in word.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(c.to_lowercase());
    }
    if rest.contains("up: true") {
        name.push_str("-up");
    } else if rest.contains("up: false") {
        name.push_str("-down");
    }
    name
}

/// The action of that name.
pub fn action_named(name: &str) -> Option<Action> {
    BINDINGS.iter().map(|b| b.action).find(|action| action_name(*action) == name)
}

/// A key as a user writes it: `x`, `X`, `Space`, `F5`, `ctrl-p`, `alt-Left`, and everything that the help calls a key.
pub fn chord(text: &str) -> Option<Chord> {
    let mut modifiers = KeyModifiers::NONE;
    let mut rest = text;
    while let Some((head, tail)) = rest.split_once('-').filter(|(head, tail)| !head.is_empty() && !tail.is_empty()) {
        modifiers |= match head.to_ascii_lowercase().as_str() {
            "ctrl" => KeyModifiers::CONTROL,
            "alt" => KeyModifiers::ALT,
            "shift" => KeyModifiers::SHIFT,
            _ => return None,
        };
        rest = tail;
    }
    let code = code(rest)?;
    match code {
        KeyCode::Tab if modifiers == KeyModifiers::SHIFT => Some(Chord(KeyCode::BackTab, KeyModifiers::NONE)),
        // With Ctrl, terminals tell no capitals; Shift is part of any other letter.
        KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
            Some(Chord(KeyCode::Char(c.to_ascii_lowercase()), modifiers - KeyModifiers::SHIFT))
        }
        KeyCode::Char(_) if modifiers.contains(KeyModifiers::SHIFT) => None,
        code => Some(Chord(code, modifiers)),
    }
}

fn code(text: &str) -> Option<KeyCode> {
    let mut chars = text.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        return Some(match c {
            '↑' => KeyCode::Up,
            '↓' => KeyCode::Down,
            '←' => KeyCode::Left,
            '→' => KeyCode::Right,
            c => KeyCode::Char(c),
        });
    }
    Some(match text.to_ascii_lowercase().as_str() {
        "space" => KeyCode::Char(' '),
        "enter" | "return" => KeyCode::Enter,
        "esc" | "escape" => KeyCode::Esc,
        "tab" => KeyCode::Tab,
        "backspace" => KeyCode::Backspace,
        "delete" | "del" => KeyCode::Delete,
        "insert" | "ins" => KeyCode::Insert,
        "up" => KeyCode::Up,
        "down" => KeyCode::Down,
        "left" => KeyCode::Left,
        "right" => KeyCode::Right,
        "pgup" | "pageup" => KeyCode::PageUp,
        "pgdn" | "pagedown" => KeyCode::PageDown,
        "home" => KeyCode::Home,
        "end" => KeyCode::End,
        other => KeyCode::F(other.strip_prefix('f')?.parse().ok().filter(|n| (1..=24).contains(n))?),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn press(text: &str) -> KeyEvent {
        let Chord(code, modifiers) = chord(text).unwrap();
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn every_action_has_a_name_of_its_own() {
        let names: BTreeSet<String> = BINDINGS.iter().map(|b| action_name(b.action)).collect();
        assert_eq!(names.len(), BINDINGS.len());
        for name in &names {
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name}");
            assert!(action_named(name).is_some());
        }
        for name in ["pause", "estimator-up", "log-scale", "local-negatives-down", "preset-3", "next-tab"] {
            assert!(names.contains(name), "{name} in {names:?}");
        }
    }

    #[test]
    fn a_key_is_written_as_the_help_names_it() {
        for key in BINDINGS.iter().flat_map(|b| b.keys) {
            assert_eq!(chord(&key.name()), Some(*key), "{}", key.name());
        }
        assert_eq!(chord("ctrl-P").map(|k| k.name()), Some("Ctrl-P".into()));
        assert_eq!(chord("alt-left").map(|k| k.name()), Some("Alt-←".into()));
        assert_eq!(chord("-"), Some(Chord(KeyCode::Char('-'), KeyModifiers::NONE)));
        for wrong in ["", "spce", "hyper-x", "ctrl-", "F99", "shift-a"] {
            assert_eq!(chord(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_own_key_takes_the_place_of_those_in_the_table() {
        let map = Keymap::new(vec![(Action::Pause, vec![chord("ctrl-p").unwrap(), chord("F5").unwrap()])]).unwrap();
        for key in ["ctrl-p", "F5"] {
            assert_eq!(map.translate(press(key)), Some(press("Space")), "{key}");
        }
        assert_eq!(map.translate(press("Space")), None, "the old key is dead");
        assert_eq!(map.translate(press("e")), Some(press("e")));
        assert_eq!(map.name(Action::Pause), "Ctrl-P");
        assert_eq!(map.said("{pause} pauses, {quit} leaves"), "Ctrl-P pauses, q leaves");
        assert_eq!(map.said("set = { a = {1} } {nothing} {"), "set = { a = {1} } {nothing} {");
        assert_eq!(map.names(of(Action::Pause).unwrap()), "Ctrl-P F5");
        // An own key may be the old one of an action that has got another.
        let swapped = vec![(Action::Pause, vec![chord("s").unwrap()]), (Action::Step, vec![chord("Space").unwrap()])];
        let map = Keymap::new(swapped).unwrap();
        assert_eq!(map.translate(press("s")), Some(press("Space")));
        assert_eq!(map.translate(press("Space")), Some(press("s")));
    }

    #[test]
    fn no_key_does_two_things_and_ctrl_c_always_quits() {
        let clash = Keymap::new(vec![(Action::Checkpoint, vec![chord("Space").unwrap()])]).unwrap_err();
        assert_eq!(clash.actions, (Action::Pause, Action::Checkpoint));
        let map = Keymap::new(vec![(Action::Quit, vec![chord("Q").unwrap()])]).unwrap();
        assert_eq!(map.translate(press("ctrl-c")), Some(press("ctrl-c")));
        assert_eq!(map.translate(press("q")), None);
        assert!(Keymap::new(vec![(Action::Pause, vec![FIXED[0]])]).is_err());
    }
}
