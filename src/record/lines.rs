//! A JSONL file that is written as it happens, and outlives a full disk: what cannot be written is kept and tried again.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde::Serialize;

/// A killed process loses at most this much.
const PACE: Duration = Duration::from_secs(1);
/// Rows kept in memory while the disk takes none; older ones are dropped, and that is said.
const KEPT: usize = 100_000;

/// One `.jsonl` file.
#[derive(Debug)]
pub struct Lines<W: Write = File> {
    path: PathBuf,
    file: W,
    /// Whole lines not yet written; the first may have been written in part.
    waiting: VecDeque<Vec<u8>>,
    /// Bytes of the first waiting line that are on disk already.
    written: usize,
    flushed: Instant,
    dropped: usize,
}

impl Lines<File> {
    /// Opens for appending; makes the file if missing.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self::over(path, file))
    }
}

impl<W: Write> Lines<W> {
    pub fn over(path: &Path, file: W) -> Self {
        Self { path: path.into(), file, waiting: VecDeque::new(), written: 0, flushed: Instant::now(), dropped: 0 }
    }

    /// Adds a row. Non-finite numbers become `null`.
    pub fn push<T: Serialize>(&mut self, row: &T) -> Result<(), String> {
        let mut line = serde_json::to_vec(row).map_err(|e| format!("{}: {e}", self.path.display()))?;
        line.push(b'\n');
        self.waiting.push_back(line);
        if self.waiting.len() > KEPT {
            // Never the first: it may be on disk in part.
            self.waiting.remove(1);
            self.dropped += 1;
        }
        if self.flushed.elapsed() >= PACE { self.flush() } else { Ok(()) }
    }

    /// Writes what waits. On failure the rest stays for the next time.
    pub fn flush(&mut self) -> Result<(), String> {
        self.flushed = Instant::now();
        while let Some(line) = self.waiting.front() {
            match self.file.write(&line[self.written..]) {
                Ok(0) => return self.fault(io::ErrorKind::WriteZero.into()),
                Ok(n) => self.written += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return self.fault(e),
            }
            if self.written >= self.waiting.front().map_or(0, Vec::len) {
                self.waiting.pop_front();
                self.written = 0;
            }
        }
        self.file.flush().or_else(|e| self.fault(e))
    }

    fn fault(&self, e: io::Error) -> Result<(), String> {
        let dropped = match self.dropped {
            0 => String::new(),
            n => format!(", {n} dropped"),
        };
        Err(format!("{}: {e}; {} rows are kept in memory and tried again{dropped}", self.path.display(), self.waiting.len()))
    }
}

/// Cuts a JSONL file back: a torn last line goes, and every row for which `keep` is false.
pub fn cut_back(path: &Path, keep: impl Fn(&serde_json::Value) -> bool) -> io::Result<()> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(e),
    };
    let mut kept = Vec::new();
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let whole = line.ends_with(b"\n") && serde_json::from_slice(&line).is_ok_and(|row| keep(&row));
        if whole {
            kept.extend_from_slice(&line);
        }
        line.clear();
    }
    super::write_whole(path, &kept)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A disk with room for so many bytes.
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
    }
    impl Write for Disk {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            let n = data.len().min(self.room);
            if n == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.bytes.extend_from_slice(&data[..n]);
            self.room -= n;
            Ok(n)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_loses_nothing_once_there_is_room_again() {
        let mut lines = Lines::over(Path::new("metrics.jsonl"), Disk { bytes: vec![], room: 10 });
        for step in 0..50 {
            lines.push(&serde_json::json!({ "step": step })).unwrap();
        }
        let warning = lines.flush().unwrap_err();
        assert!(warning.starts_with("metrics.jsonl: ") && warning.contains("rows are kept"), "{warning}");
        lines.file.room = usize::MAX;
        lines.flush().unwrap();
        let text = String::from_utf8(lines.file.bytes.clone()).unwrap();
        let steps: Vec<u64> =
            text.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["step"].as_u64().unwrap()).collect();
        assert_eq!(steps, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn a_cut_keeps_whole_earlier_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.jsonl");
        fs::write(&path, "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"st").unwrap();
        cut_back(&path, |row| row["step"].as_u64() <= Some(2)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"step\":1}\n{\"step\":2}\n");
        cut_back(&dir.path().join("missing.jsonl"), |_| true).unwrap();
    }

    #[test]
    fn nonfinite_numbers_become_null() {
        let mut lines = Lines::over(Path::new("m"), Vec::new());
        lines.push(&[1.0, f64::NAN, f64::INFINITY]).unwrap();
        lines.flush().unwrap();
        assert_eq!(lines.file, b"[1.0,null,null]\n");
    }
}
