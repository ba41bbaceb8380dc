//! Where a run lives: `runs/<date>-<name>/`, or the directory named by `--out`.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use time::{OffsetDateTime, macros::format_description};

use super::RecordError;

/// A run directory that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir(PathBuf);

impl RunDir {
    /// A new one under `base`, named after the date and `name`.
    pub fn new_under(base: &Path, name: &str) -> Result<Self, RecordError> {
        let format = format_description!("[year]-[month]-[day]-[hour][minute][second]");
        let now = OffsetDateTime::now_local().unwrap_or_else(|_| OffsetDateTime::now_utc());
        let date = now.format(format).unwrap_or_else(|_| now.unix_timestamp().to_string());
        make_parents(base)?;
        let first = base.join(format!("{date}-{name}"));
        Self::create_unique(&first)
    }

    /// Exactly this one, made if missing. A non-empty one is refused: it may be somebody's run.
    pub fn exactly(path: &Path) -> Result<Self, RecordError> {
        make_parents(path)?;
        let mut entries = fs::read_dir(path).map_err(|e| RecordError::io(path, e))?;
        if entries.next().is_some() {
            return Err(RecordError::NotEmpty(path.into()));
        }
        Ok(Self(path.into()))
    }

    /// For a restart: NAME-2, NAME-3, ... beside `path`, the first that does not exist.
    pub fn sibling(path: &Path) -> Result<Self, RecordError> {
        let stem = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_else(|| "run".into());
        let stem = match stem.rsplit_once('-') {
            // A restart of NAME-2 is NAME-3, not NAME-2-2; a time of day is no such number.
            Some((name, n)) if n.len() < 4 && n.parse::<u32>().is_ok() => name.to_string(),
            _ => stem,
        };
        Self::create_unique(&path.with_file_name(stem))
    }

    /// One that must be there already, with a run in it.
    pub fn existing(path: &Path) -> Result<Self, RecordError> {
        match path.join("config.toml").is_file() {
            true => Ok(Self(path.into())),
            false => Err(RecordError::NotARun(path.into())),
        }
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    fn create_unique(first: &Path) -> Result<Self, RecordError> {
        let mut path = first.to_path_buf();
        for n in 2.. {
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
                    let mut name = first.file_name().unwrap_or_default().to_os_string();
                    name.push(format!("-{n}"));
                    path.set_file_name(name);
                }
                Err(e) => return Err(RecordError::io(&path, e)),
            }
        }
        unreachable!("the numbers do not end")
    }
}

fn make_parents(path: &Path) -> Result<(), RecordError> {
    fs::create_dir_all(path).map_err(|e| RecordError::io(path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_with_something_in_it_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("a/b");
        assert_eq!(RunDir::exactly(&out).unwrap().path(), out);
        fs::write(out.join("x"), "x").unwrap();
        let error = RunDir::exactly(&out).unwrap_err().to_string();
        assert!(error.contains("not empty") && error.contains("--resume"), "{error}");
        assert!(RunDir::existing(&out).unwrap_err().to_string().contains("config.toml"));
    }

    #[test]
    fn names_are_unique_and_a_restart_counts_on() {
        let dir = tempfile::tempdir().unwrap();
        let a = RunDir::new_under(dir.path(), "shapes").unwrap();
        let b = RunDir::new_under(dir.path(), "shapes").unwrap();
        assert_ne!(a, b);
        fs::create_dir(dir.path().join("run")).unwrap();
        let second = RunDir::sibling(&dir.path().join("run")).unwrap();
        assert_eq!(second.path(), dir.path().join("run-2"));
        assert_eq!(RunDir::sibling(second.path()).unwrap().path(), dir.path().join("run-3"));
    }
}
