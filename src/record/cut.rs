//! Reading rows back, and taking a file of them back to a checkpoint.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, ErrorKind},
    path::Path,
};

use serde::{Deserialize, de::DeserializeOwned};

#[derive(Deserialize)]
struct Stepped {
    step: u64,
}

/// Cuts a file of JSON lines before its first row after `step` (`None`: keeps all rows), and removes a torn last line: one
/// without a line end. A missing file is left missing. Shortening needs no room, so this works on a full disk too.
pub fn cut_back(path: &Path, step: Option<u64>) -> io::Result<()> {
    cut_before(path, |line| step.is_some_and(|limit| serde_json::from_slice::<Stepped>(line).is_ok_and(|row| row.step > limit)))
}

/// The same of a file of comma-separated rows, whose first cell is the step; the line of names stays.
pub(super) fn cut_back_csv(path: &Path, step: u64) -> io::Result<()> {
    let first = |line: &[u8]| -> Option<u64> { std::str::from_utf8(line).ok()?.split([',', '\n']).next()?.parse().ok() };
    cut_before(path, |line| first(line).is_some_and(|s| s > step))
}

/// Cuts a file before the first line that is told to be `later`, or before one without a line end.
fn cut_before(path: &Path, later: impl Fn(&[u8]) -> bool) -> io::Result<()> {
    let Some(file) = open(path)? else { return Ok(()) };
    let length = file.metadata()?.len();
    let (mut lines, mut line, mut keep) = (BufReader::new(file), Vec::new(), 0u64);
    loop {
        line.clear();
        let n = lines.read_until(b'\n', &mut line)?;
        if n == 0 || line.last() != Some(&b'\n') || later(&line) {
            break;
        }
        keep += n as u64;
    }
    if keep < length { OpenOptions::new().write(true).open(path)?.set_len(keep) } else { Ok(()) }
}

/// All rows of a file, `null` read as NaN where a number must stand. Lines that are no such rows (torn by a crash) are
/// left out; a missing file has none.
pub fn read_rows<T: DeserializeOwned>(path: &Path) -> io::Result<Vec<T>> {
    let mut rows = Vec::new();
    each_row(path, |row| rows.push(row))?;
    Ok(rows)
}

/// The same one by one, for files that are too long to be held.
pub fn each_row<T: DeserializeOwned>(path: &Path, mut take: impl FnMut(T)) -> io::Result<()> {
    let Some(file) = open(path)? else { return Ok(()) };
    let (mut lines, mut line) = (BufReader::new(file), Vec::new());
    while lines.read_until(b'\n', &mut line)? > 0 {
        if let Ok(row) = serde_json::from_slice(&line) {
            take(row);
        }
        line.clear();
    }
    Ok(())
}

/// A file of rows; `None` if it is missing. Nothing but a regular file is opened: a pipe would hang, a device would never end.
fn open(path: &Path) -> io::Result<Option<File>> {
    match fs::metadata(path) {
        Ok(meta) if meta.is_file() => File::open(path).map(Some),
        Ok(_) => Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file")),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, step: Option<u64>) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rows.jsonl");
        fs::write(&path, text).unwrap();
        cut_back(&path, step).unwrap();
        fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn rows_after_the_step_and_torn_lines_go() {
        let whole = "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n";
        assert_eq!(cut(whole, Some(2)), "{\"step\":1}\n{\"step\":2}\n");
        assert_eq!(cut(whole, Some(9)), whole);
        assert_eq!(cut(whole, Some(0)), "");
        assert_eq!(cut(whole, None), whole);
        assert_eq!(cut("{\"step\":1}\n{\"step\":2,\"lo", Some(5)), "{\"step\":1}\n");
        assert_eq!(cut("{\"step\":7}\n{\"st", None), "{\"step\":7}\n");
        // Whole but for its line end: nobody can know that, so it goes too.
        assert_eq!(cut("{\"step\":1}", Some(5)), "");
    }

    #[test]
    fn a_missing_file_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("none.jsonl");
        cut_back(&path, Some(3)).unwrap();
        assert!(!path.exists());
        assert!(read_rows::<serde_json::Value>(&path).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_regular_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for path in [dir.path(), Path::new("/dev/zero")].into_iter().filter(|path| path.exists()) {
            let error = read_rows::<serde_json::Value>(path).unwrap_err().to_string();
            assert_eq!(error, "it is not a regular file");
            assert_eq!(cut_back(path, None).unwrap_err().to_string(), error);
        }
    }
}
