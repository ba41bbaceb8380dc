//! A script as text: where its functions and their results stand, and its formulas. rhai keeps these from its users.

use super::Place;

/// The text, and the same with comments and the insides of strings blanked out, character by character.
pub(super) struct Text {
    plain: Vec<char>,
    code: Vec<char>,
}

/// What the scanner is in.
#[derive(Clone, Copy, PartialEq)]
enum In {
    Code,
    Line,
    Block(usize),
    Quote(char),
}

impl Text {
    pub(super) fn new(source: &str) -> Self {
        let plain: Vec<char> = source.chars().collect();
        let mut code = plain.clone();
        let (mut i, mut state) = (0, In::Code);
        while i < plain.len() {
            let pair = (plain[i], plain.get(i + 1).copied().unwrap_or(' '));
            let (next, blank) = match (state, pair) {
                (In::Code, ('/', '/')) => (In::Line, 2),
                (In::Code, ('/', '*')) => (In::Block(1), 2),
                (In::Code, (q @ ('"' | '`' | '\''), _)) => (In::Quote(q), 0),
                (In::Line, ('\n', _)) => (In::Code, 0),
                (In::Block(deep), ('/', '*')) => (In::Block(deep + 1), 2),
                (In::Block(1), ('*', '/')) => (In::Code, 2),
                (In::Block(deep), ('*', '/')) => (In::Block(deep - 1), 2),
                (In::Quote(_), ('\\', _)) => (state, 2),
                (In::Quote(q), (c, _)) if c == q => (In::Code, 0),
                (In::Code, _) => (In::Code, 0),
                _ => (state, 1),
            };
            for c in code.iter_mut().skip(i).take(blank).filter(|c| **c != '\n') {
                *c = ' ';
            }
            (state, i) = (next, i + blank.max(1));
        }
        Self { plain, code }
    }

    /// The first comment line that says something: the script's title.
    pub(super) fn title(&self) -> Option<String> {
        let text: String = self.plain.iter().collect();
        let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
        let title = first.strip_prefix("//")?.trim_start_matches(['/', '!']).trim().trim_end_matches('.');
        (!title.is_empty()).then(|| title.to_string())
    }

    /// Where the result of a function stands: its last statement.
    pub(super) fn result(&self, function: &str) -> Option<Place> {
        let (from, to) = self.body(function)?;
        let mut end = to;
        while end > from && (self.code[end - 1].is_whitespace() || self.code[end - 1] == ';') {
            end -= 1;
        }
        let (mut deep, mut start) = (0, from);
        for i in from..end {
            match self.code[i] {
                '{' | '(' | '[' => deep += 1,
                '}' | ')' | ']' => deep -= 1,
                ';' if deep == 0 => start = i + 1,
                _ => {}
            }
        }
        (start..end).find(|i| !self.code[*i].is_whitespace()).or(Some(from)).map(|i| self.place(i))
    }

    /// Where a function loops first.
    pub(super) fn first_loop(&self, function: &str) -> Option<Place> {
        let (from, to) = self.body(function)?;
        let at = (from..to).find(|i| {
            let end = (*i..to).find(|j| !self.word(*j)).unwrap_or(to);
            let token: String = self.code[*i..end].iter().collect();
            !self.word(i - 1) && ["loop", "while", "for", "do"].contains(&token.as_str())
        })?;
        Some(self.place(at))
    }

    /// What a function computes, on one line and without comments.
    pub(super) fn formula(&self, function: &str) -> Option<String> {
        let (from, to) = self.body(function)?;
        let code: String = (from..to).filter(|i| self.code[*i] == self.plain[*i]).map(|i| self.plain[i]).collect();
        let words: Vec<&str> = code.split_whitespace().collect();
        Some(words.join(" ").trim_end_matches(';').to_string())
    }

    /// Where a function is declared.
    pub(super) fn name(&self, function: &str) -> Option<Place> {
        self.find(function).map(|at| self.place(at))
    }

    /// The `fn` of `fn function`.
    fn find(&self, function: &str) -> Option<usize> {
        let wanted: Vec<char> = function.chars().collect();
        (0..self.code.len()).find(|i| {
            let mut at = i + 2;
            if !self.code[*i..].starts_with(&['f', 'n']) || (*i > 0 && self.word(i - 1)) || self.word(at) {
                return false;
            }
            while self.code.get(at).is_some_and(|c| c.is_whitespace()) {
                at += 1;
            }
            self.code.get(at..).is_some_and(|c| c.starts_with(&wanted)) && !self.word(at + wanted.len())
        })
    }

    fn word(&self, i: usize) -> bool {
        self.code.get(i).is_some_and(|c| c.is_alphanumeric() || *c == '_')
    }

    /// The inside of the braces of `fn function(...) {...}`.
    fn body(&self, function: &str) -> Option<(usize, usize)> {
        let open = (self.find(function)?..self.code.len()).find(|i| self.code[*i] == '{')?;
        let mut deep = 0;
        for i in open..self.code.len() {
            match self.code[i] {
                '{' => deep += 1,
                '}' if deep == 1 => return Some((open + 1, i)),
                '}' => deep -= 1,
                _ => {}
            }
        }
        None
    }

    fn place(&self, at: usize) -> Place {
        let line = 1 + self.plain[..at].iter().filter(|c| **c == '\n').count();
        let start = self.plain[..at].iter().rposition(|c| *c == '\n').map_or(0, |i| i + 1);
        // A script has at most 65,536 characters.
        Place { line: line as u32, column: (at - start + 1) as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "// A title.\n/* fn objective(a, b) { 1 } */\nconst S = \"fn objective() { }\";\n\
                          fn objective(joint, marginal) {\n    let x = mean(joint); // half; of it\n    x - { let y = 1; y }\n}\n\
                          fn nats(j, m) { return mean(j); }";

    #[test]
    fn finds_results_and_formulas() {
        let text = Text::new(SOURCE);
        assert_eq!(text.title().as_deref(), Some("A title"));
        assert_eq!(text.result("objective"), Some(Place { line: 6, column: 5 }));
        assert_eq!(text.result("nats"), Some(Place { line: 8, column: 17 }));
        assert_eq!(text.result("log_ratio"), None);
        assert_eq!(text.formula("objective").as_deref(), Some("let x = mean(joint); x - { let y = 1; y }"));
        assert_eq!(text.formula("nats").as_deref(), Some("return mean(j)"));
    }

    /// Unfinished text is met on the way to a syntax error.
    #[test]
    fn unfinished_text_has_no_result() {
        for source in
            ["", "fn", "fn objective", "fn objective(a", "fn objective(a) {", "/* ", "\"", "`${", "fn objective(a) { \\"]
        {
            assert_eq!(Text::new(source).result("objective"), None, "{source}");
        }
    }
}
