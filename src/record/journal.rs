//! Building rows of the journal.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{JournalKind, JournalRow};
use crate::config::Change;

/// A row of this kind at this step, now.
pub fn journal_row(step: u64, kind: JournalKind) -> JournalRow {
    // Fails only for years beyond 9999.
    let time = OffsetDateTime::now_utc().truncate_to_second().format(&Rfc3339).unwrap_or_default();
    JournalRow { step, time, kind, key: None, from: None, to: None, source: None, reason: None }
}

impl JournalRow {
    /// With the key, the values and the source of a change.
    #[must_use]
    pub fn change(self, change: &Change) -> Self {
        let json = |v: &toml::Value| serde_json::to_value(v).ok();
        let source = serde_json::to_value(change.source).ok();
        Self {
            key: Some(change.key.clone()),
            from: json(&change.from),
            to: json(&change.to),
            source: source.and_then(|s| s.as_str().map(str::to_owned)),
            ..self
        }
    }

    /// With a reason.
    #[must_use]
    pub fn reason(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }

    /// As one line for people: `objective.estimator "jsd" → "infonce" (key)`.
    pub fn sentence(&self) -> String {
        let shown = |v: &Option<serde_json::Value>| match v {
            Some(serde_json::Value::String(s)) => s.clone(),
            Some(v) => v.to_string(),
            None => "–".into(),
        };
        let mut text = serde_json::to_value(self.kind).ok().and_then(|k| k.as_str().map(str::to_owned)).unwrap_or_default();
        // Of a fork the reason says all of it.
        if let Some(key) = self.key.as_ref().filter(|_| self.kind != JournalKind::Start) {
            text = match self.kind {
                JournalKind::Change => key.clone(),
                _ => format!("{text} {key}"),
            };
            text += &format!(" {} → {}", shown(&self.from), shown(&self.to));
        }
        if let Some(source) = &self.source {
            text += &format!(" ({source})");
        }
        if let Some(reason) = &self.reason {
            text += &format!(": {reason}");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Source;

    #[test]
    fn a_change_keeps_its_types_and_a_nan_is_null() {
        let change = Change {
            key: "optim.lr".into(),
            from: toml::Value::Float(f64::NAN),
            to: toml::Value::Float(1.0),
            source: Source::Command,
        };
        let row = journal_row(7, JournalKind::Change).change(&change).reason("to see");
        let json = serde_json::to_value(&row).unwrap();
        assert_eq!(json["step"], 7);
        assert_eq!(json["kind"], "change");
        assert!(json["from"].is_null());
        assert!(json["to"].is_f64(), "1.0 stays a float");
        assert_eq!(json["source"], "command");
        assert_eq!(json["reason"], "to see");
        let time = json["time"].as_str().unwrap();
        let parsed = OffsetDateTime::parse(time, &Rfc3339).unwrap();
        assert!(time.ends_with('Z') && (OffsetDateTime::now_utc() - parsed).whole_seconds().abs() < 60, "{time}");
    }
}
