//! `metrics.jsonl`, `probes.jsonl` and `journal.jsonl`: one JSON object per line, non-finite numbers as `null`.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::Serialize;

use super::{JournalRow, ProbeRow, Sink, StepRow, Summary, append::Append, cut::cut_back};

/// Which rows a file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    Metrics,
    Probes,
    Journal,
}

impl Rows {
    pub fn file_name(self) -> &'static str {
        match self {
            Rows::Metrics => "metrics.jsonl",
            Rows::Probes => "probes.jsonl",
            Rows::Journal => "journal.jsonl",
        }
    }
}

/// A file of JSON lines.
#[derive(Debug)]
pub(super) struct JsonLines<W> {
    rows: Rows,
    path: PathBuf,
    lines: Append<W>,
}

impl JsonLines<File> {
    /// Opens the file in `dir` to append to it.
    pub fn open(dir: &Path, rows: Rows) -> io::Result<Self> {
        let path = dir.join(rows.file_name());
        let file = OpenOptions::new().create(true).append(true).open(&path)?;
        Ok(Self { rows, path, lines: Append::new(file) })
    }
}

impl<W: Write> JsonLines<W> {
    #[cfg(test)]
    pub fn over(out: W, rows: Rows) -> Self {
        Self { rows, path: PathBuf::new(), lines: Append::new(out) }
    }

    fn push(&mut self, row: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(row)?;
        line.push(b'\n');
        self.lines.push(&line)
    }
}

/// What a file can do beyond writing, where the writer is one.
pub(super) trait Durable {
    fn sync(&mut self) -> io::Result<()>;
}
impl Durable for File {
    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

impl<W: Write + Send + Durable> Sink for JsonLines<W> {
    fn name(&self) -> &str {
        self.rows.file_name()
    }
    fn step(&mut self, row: &StepRow) -> io::Result<()> {
        if self.rows == Rows::Metrics { self.push(row) } else { Ok(()) }
    }
    fn probe(&mut self, row: &ProbeRow) -> io::Result<()> {
        if self.rows == Rows::Probes { self.push(row) } else { Ok(()) }
    }
    fn journal(&mut self, rows: &[JournalRow]) -> io::Result<()> {
        if self.rows == Rows::Journal { rows.iter().try_for_each(|row| self.push(row)) } else { Ok(()) }
    }
    fn flush(&mut self) -> io::Result<()> {
        self.lines.flush()
    }
    fn finish(&mut self, _: &Summary) -> io::Result<()> {
        self.lines.flush()?;
        self.lines.inner().sync()
    }
    fn rewind(&mut self, step: u64) -> io::Result<()> {
        if self.rows == Rows::Journal {
            return Ok(());
        }
        self.lines.flush()?;
        // The file is open for appending, so the next row lands at the new end.
        cut_back(&self.path, Some(step))
    }
    fn take_dropped(&mut self) -> u64 {
        self.lines.take_dropped()
    }
}
