//! Keys out of bytes: only for what is typed while the terminal is asked about itself; all else is read by crossterm.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What follows `ESC [`, or `ESC O`, for keys without modifiers.
const SEQUENCES: [(&str, KeyCode); 15] = [
    ("A", KeyCode::Up),
    ("B", KeyCode::Down),
    ("C", KeyCode::Right),
    ("D", KeyCode::Left),
    ("H", KeyCode::Home),
    ("F", KeyCode::End),
    ("P", KeyCode::F(1)),
    ("Z", KeyCode::BackTab),
    ("1~", KeyCode::Home),
    ("2~", KeyCode::Insert),
    ("3~", KeyCode::Delete),
    ("4~", KeyCode::End),
    ("5~", KeyCode::PageUp),
    ("6~", KeyCode::PageDown),
    ("11~", KeyCode::F(1)),
];

/// The keys that were pressed, in order. Sequences of other keys, and what is not UTF-8, are left out.
pub fn keys(bytes: &[u8]) -> Vec<KeyEvent> {
    let text = String::from_utf8_lossy(bytes);
    let mut rest = text.as_ref();
    let mut keys = Vec::new();
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        if let ('\x1b', Some(body)) = (c, after.strip_prefix(['[', 'O'])) {
            let length = body.find(|c: char| ('@'..='~').contains(&c)).map_or(body.len(), |last| last + 1);
            let found = SEQUENCES.iter().find(|(sequence, _)| *sequence == &body[..length]);
            keys.extend(found.map(|(_, code)| KeyEvent::from(*code)));
            rest = &body[length..];
            continue;
        }
        keys.extend(key(c));
        rest = after;
    }
    keys
}

fn key(c: char) -> Option<KeyEvent> {
    let control = |c: u8| KeyEvent::new(KeyCode::Char(char::from(c)), KeyModifiers::CONTROL);
    Some(match c {
        char::REPLACEMENT_CHARACTER => return None,
        '\x1b' => KeyCode::Esc.into(),
        '\r' => KeyCode::Enter.into(),
        '\t' => KeyCode::Tab.into(),
        '\x7f' => KeyCode::Backspace.into(),
        '\x01'..='\x1a' => control(c as u8 - 1 + b'a'),
        c if c.is_control() => return None,
        c if c.is_uppercase() => KeyEvent::new(KeyCode::Char(c), KeyModifiers::SHIFT),
        c => KeyCode::Char(c).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_becomes_the_keys_of_it() {
        let plain = [KeyCode::Char('r'), KeyCode::Up, KeyCode::Char('é'), KeyCode::Home, KeyCode::Esc].map(KeyEvent::from);
        assert_eq!(keys("r\x1b[Aé\x1bOH\x1b".as_bytes()), plain);
        let modified = [('L', KeyModifiers::SHIFT), ('c', KeyModifiers::CONTROL)];
        assert_eq!(keys(b"L\x03"), modified.map(|(c, m)| KeyEvent::new(KeyCode::Char(c), m)));
        assert_eq!(keys(b"\x1b[<35;10;10M\x1b[6~"), [KeyEvent::from(KeyCode::PageDown)], "other sequences are no letters");
    }
}
