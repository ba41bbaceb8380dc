//! Words from files and from the system, as a terminal may see them.

/// The text on one line and in plain letters: line ends become blanks, and other control characters are written out, so that a file
/// whose name or content is quoted in a message gives the terminal no orders.
pub fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            // Those that turn the direction of writing around too: they make a name look like another.
            c if c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                shown.extend(c.escape_unicode());
            }
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_terminal_gets_no_orders() {
        assert_eq!(plain("a \u{1b}]0;title\u{7} b"), "a \\u{1b}]0;title\\u{7} b");
        assert_eq!(plain("unknown key 'a\nb'\n"), "unknown key 'a b'");
        assert_eq!(plain("gpj.\u{202e}exe"), "gpj.\\u{202e}exe");
        assert_eq!(plain("Zürich ≤ 3 → é, 画像"), "Zürich ≤ 3 → é, 画像");
    }
}
