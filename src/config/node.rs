//! A config as it was written: a tree of values, each with the place it stands at.

use std::path::Path;

use serde::Deserialize;
use toml::{
    Spanned, Value,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::{ConfigError, Place};

/// One value as written.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub at: Place,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Leaf(Value),
    Array(Vec<Node>),
    /// Each key with the place of the key itself.
    Table(Vec<(String, Place, Node)>),
}

impl Node {
    /// Reads TOML text. `file` is only named in places.
    pub fn parse(text: &str, file: &Path) -> Result<Node, ConfigError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = Lines { text, file };
        let table = DeTable::parse(text).map_err(|e| {
            let at = lines.place(e.span().map_or(0, |s| s.start));
            // The parser's message may run over several lines.
            let message = e.message().split_whitespace().collect::<Vec<_>>().join(" ");
            ConfigError::Syntax { at, message }
        })?;
        let mut root = lines.table(table.into_inner(), Place::WholeFile { path: file.into() })?;
        root.at = Place::WholeFile { path: file.into() };
        Ok(root)
    }

    /// A value that was not written in a file.
    pub fn value(value: &Value, at: &Place) -> Node {
        let kind = match value {
            Value::Table(t) => Kind::Table(t.iter().map(|(k, v)| (k.clone(), at.clone(), Node::value(v, at))).collect()),
            Value::Array(a) => Kind::Array(a.iter().map(|v| Node::value(v, at)).collect()),
            leaf => Kind::Leaf(leaf.clone()),
        };
        Node { at: at.clone(), kind }
    }

    /// The plain value, for messages.
    pub fn plain(&self) -> Value {
        match &self.kind {
            Kind::Leaf(v) => v.clone(),
            Kind::Array(a) => Value::Array(a.iter().map(Node::plain).collect()),
            Kind::Table(t) => Value::Table(t.iter().map(|(k, _, v)| (k.clone(), v.plain())).collect()),
        }
    }
}

/// Turns byte offsets of a file into places.
struct Lines<'a> {
    text: &'a str,
    file: &'a Path,
}

impl Lines<'_> {
    fn place(&self, offset: usize) -> Place {
        Place::in_text(self.file, self.text, offset)
    }

    fn table(&self, table: DeTable<'_>, at: Place) -> Result<Node, ConfigError> {
        // In the order of the text, so that the first mistake is the one reported.
        let mut items: Vec<_> = table.into_iter().collect();
        items.sort_by_key(|(k, _)| k.span().start);
        let read = |(key, value): (Spanned<_>, Spanned<DeValue<'_>>)| {
            let at = self.place(key.span().start);
            Ok((String::from(key.into_inner()), at, self.node(value)?))
        };
        Ok(Node { at, kind: Kind::Table(items.into_iter().map(read).collect::<Result<_, _>>()?) })
    }

    fn node(&self, value: Spanned<DeValue<'_>>) -> Result<Node, ConfigError> {
        let span = value.span();
        let at = self.place(span.start);
        match value.into_inner() {
            DeValue::Table(t) => self.table(t, at),
            DeValue::Array(a) => {
                let items = a.into_iter().map(|v| self.node(v)).collect::<Result<_, _>>()?;
                Ok(Node { at, kind: Kind::Array(items) })
            }
            leaf => {
                let written = self.text.get(span.clone()).unwrap_or_default().to_owned();
                // The text is valid TOML by now: what fails here is a number that 64 bits do not hold.
                Value::deserialize(ValueDeserializer::from(Spanned::new(span, leaf)))
                    .map(|v| Node { at: at.clone(), kind: Kind::Leaf(v) })
                    .map_err(|_| ConfigError::Syntax { at, message: format!("{written} is too large for a 64-bit number") })
            }
        }
    }
}
