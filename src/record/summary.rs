//! `summary.json`: how the run ended, written once at the end.

use std::{io, path::PathBuf};

use super::{Sink, Summary, replace::replace};

#[derive(Debug)]
pub(super) struct SummaryFile {
    pub path: PathBuf,
}

impl Sink for SummaryFile {
    fn name(&self) -> &str {
        "summary.json"
    }
    fn finish(&mut self, summary: &Summary) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(summary)?;
        text.push('\n');
        replace(&self.path, &text)
    }
}
