//! Rust sources as text: what is left without comments and strings, its words, and the modules it names.

/// The text with every comment, string and character literal replaced by a space.
pub fn code(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let skip = comment(rest).or_else(|| string(rest, out.chars().last())).or_else(|| character(rest));
        match skip {
            Some(length) => {
                out.push(' ');
                rest = &rest[length..];
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}

/// Length of the comment that `text` begins with. Block comments nest.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.starts_with("/*").then(|| {
        let (mut depth, mut at) = (0, 0);
        while at < text.len() {
            let (opens, closes) = (text[at..].starts_with("/*"), text[at..].starts_with("*/"));
            depth += i32::from(opens) - i32::from(closes);
            at += if opens || closes { 2 } else { text[at..].chars().next().map_or(1, char::len_utf8) };
            if depth == 0 {
                return at;
            }
        }
        text.len()
    })
}

/// Length of the string literal that `text` begins with; `before` tells a raw string's `r` from the end of a name.
fn string(text: &str, before: Option<char>) -> Option<usize> {
    if let Some(raw) = text.strip_prefix('r').filter(|_| !before.is_some_and(is_word) || before == Some('b')) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if let Some(body) = raw[hashes..].strip_prefix('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            return Some(2 + hashes + body.find(&end).map_or(body.len(), |i| i + end.len()));
        }
    }
    let body = text.strip_prefix('"')?;
    let mut escaped = false;
    for (i, c) in body.char_indices() {
        match c {
            '"' if !escaped => return Some(i + 2),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    Some(text.len())
}

/// Length of the character literal that `text` begins with; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let body = text.strip_prefix('\'')?;
    let first = body.chars().next()?;
    let at = if first == '\\' { 1 + body[1..].chars().next()?.len_utf8() } else { first.len_utf8() };
    let end = if first == '\\' { at + body[at..].find('\'')? } else { at };
    body[end..].starts_with('\'').then_some(end + 2)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Its identifiers and keywords.
pub fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c| !is_word(c)).filter(|w| !w.is_empty())
}

/// The modules that follow `crate::`, alone or at the top of a `crate::{...}` list.
pub fn modules_used(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, prefix) in code.match_indices("crate::") {
        if code[..at].chars().last().is_some_and(is_word) {
            continue;
        }
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            None => found.extend(words(rest.split(|c| !is_word(c)).next().unwrap_or_default()).map(str::to_owned)),
            Some(list) => found.extend(heads(list)),
        }
    }
    found
}

/// First word of each item of a list, up to its closing brace.
fn heads(list: &str) -> Vec<String> {
    let (mut depth, mut item, mut items) = (0, String::new(), Vec::new());
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(std::mem::take(&mut item)),
            _ if depth == 0 => item.push(c),
            _ => {}
        }
    }
    items.push(item);
    items.iter().filter_map(|i| words(i).next().map(str::to_owned)).collect()
}
