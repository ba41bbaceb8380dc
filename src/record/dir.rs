//! Where a run is recorded: making, finding and claiming its directory.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use time::{OffsetDateTime, macros::format_description};

use super::{RecordError, replace::replace};

/// What a run that was killed before it began may have left in its directory.
const LEFT_OVER: &[&str] = &[".writable", ".config.toml.tmp", RunDir::START, "start.partial"];

/// True for what a run may have left that was killed before it began: copies of its scripts among it.
fn left_over(entry: &fs::DirEntry) -> bool {
    let script = |e: io::Result<fs::DirEntry>| e.is_ok_and(|e| e.path().extension().is_some_and(|end| end == "rhai"));
    let name = entry.file_name();
    LEFT_OVER.iter().any(|left| name == *left)
        || name == RunDir::SCRIPTS && fs::read_dir(entry.path()).is_ok_and(|mut entries| entries.all(script))
}

/// A directory that one run may write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Where a run keeps copies of the estimator scripts it used.
    pub const SCRIPTS: &str = "scripts";
    /// Where its checkpoints are.
    pub const CHECKPOINTS: &str = "checkpoints";
    /// The checkpoint that a fork began with.
    pub const START: &str = "start.safetensors";

    /// Makes `base/<YYYY-MM-DD-HHMMSS>-<name>` (UTC, as in the journal), with `-2`, `-3`, ... where that exists.
    pub fn new_under(base: &Path, name: &str) -> Result<Self, RecordError> {
        let stamp = format_description!("[year]-[month]-[day]-[hour][minute][second]");
        // Fails only for years beyond 9999.
        let now = OffsetDateTime::now_utc().format(&stamp).unwrap_or_default();
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '-' }).collect();
        fs::create_dir_all(base).map_err(RecordError::io(base))?;
        let first = base.join(format!("{now}-{name}"));
        match fs::create_dir(&first) {
            Ok(()) => Ok(Self { path: first }),
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Self::numbered(&first),
            Err(e) => Err(RecordError::io(&first)(e)),
        }
    }

    /// `path` itself (`--out`), made if it is missing. One that is not empty is refused: it is somebody's run.
    pub fn exactly(path: &Path) -> Result<Self, RecordError> {
        match fs::read_dir(path) {
            Ok(entries) => match entries.flatten().all(|entry| left_over(&entry)) {
                true => Ok(Self { path: path.into() }),
                false => Err(RecordError::NotEmpty(path.into())),
            },
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                fs::create_dir_all(path).map_err(RecordError::io(path))?;
                Ok(Self { path: path.into() })
            }
            Err(_) if path.exists() && !path.is_dir() => Err(RecordError::NotADirectory(path.into())),
            Err(e) => Err(RecordError::io(path)(e)),
        }
    }

    /// Makes the next free `NAME-2`, `NAME-3`, ... beside a run, for its restart. A restart of `NAME-2` is `NAME-3`, if
    /// there is a `NAME`.
    pub fn sibling(path: &Path) -> Result<Self, RecordError> {
        let path = std::path::absolute(path).map_err(RecordError::io(path))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let first = match name.rsplit_once('-') {
            Some((stem, n)) if n.parse::<u32>().is_ok_and(|n| n >= 2) && path.with_file_name(stem).is_dir() => {
                path.with_file_name(stem)
            }
            _ => path,
        };
        Self::numbered(&first)
    }

    /// Removes the directory if nothing is in it: a run that was refused before it began leaves none behind.
    pub fn discard_empty(&self) {
        // With anything in it the system refuses, and so it shall.
        let _ = fs::remove_dir(&self.path);
    }

    /// A run that is there already.
    pub fn existing(path: &Path) -> Result<Self, RecordError> {
        if path.join("config.toml").is_file() { Ok(Self { path: path.into() }) } else { Err(RecordError::NotARun(path.into())) }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps a copy of a script under a name that tells its text; one that is there already is left alone.
    pub fn keep_script(&self, name: &str, text: &str) -> Result<(), RecordError> {
        let folder = self.path.join(Self::SCRIPTS);
        let path = folder.join(name);
        if path.is_file() {
            return Ok(());
        }
        fs::create_dir_all(&folder).map_err(RecordError::io(&folder))?;
        replace(&path, text).map_err(RecordError::io(&path))
    }

    /// Keeps the checkpoint that a fork begins with, so that the run is whole without its parent: linked, or copied where that cannot
    /// be. Does nothing if `from` is that very file.
    pub fn keep_start(&self, from: &Path) -> Result<(), RecordError> {
        let to = self.path.join(Self::START);
        // A link to a symbolic link would be lost with the parent.
        let from = fs::canonicalize(from).map_err(RecordError::read(from))?;
        if fs::canonicalize(&to).is_ok_and(|to| to == from) || fs::hard_link(&from, &to).is_ok() {
            return Ok(());
        }
        let temporary = to.with_extension("partial");
        let copied = fs::copy(&from, &temporary).and_then(|_| File::open(&temporary)?.sync_all());
        copied.and_then(|()| fs::rename(&temporary, &to)).map_err(|e| {
            // The first error is the one to tell.
            let _ = fs::remove_file(&temporary);
            RecordError::io(&to)(e)
        })
    }

    /// Finds out whether files can be made in it, before anything takes time. A disk that is full is told later, and no refusal.
    pub fn check_writable(&self) -> Result<(), RecordError> {
        let path = self.path.join(LEFT_OVER[0]);
        let made = File::create(&path).map(drop);
        // If it could be made, it can be removed.
        let _ = fs::remove_file(&path);
        match made {
            Err(e) if !matches!(e.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
                Err(RecordError::io(&self.path)(e))
            }
            _ => Ok(()),
        }
    }

    /// The run directory that a checkpoint lies in, as far as its place tells: the one above `checkpoints/`, else its folder.
    pub fn of_checkpoint(checkpoint: &Path) -> PathBuf {
        let folder = checkpoint.parent().unwrap_or(Path::new(""));
        match folder.file_name() {
            Some(name) if name == Self::CHECKPOINTS => folder.parent().unwrap_or(folder).into(),
            _ => folder.into(),
        }
    }

    /// Makes the first free one of `first-2`, `first-3`, ...; making is what claims a name, so two runs never share one.
    fn numbered(first: &Path) -> Result<Self, RecordError> {
        let name = first.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut n = 2u32;
        loop {
            let path = first.with_file_name(format!("{name}-{n}"));
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => n += 1,
                Err(e) => return Err(RecordError::io(path)(e)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_dated_and_unique() {
        let base = tempfile::tempdir().unwrap();
        let under = base.path().join("a/b");
        let runs: Vec<RunDir> = (0..4).map(|_| RunDir::new_under(&under, "my data/é").unwrap()).collect();
        for (i, run) in runs.iter().enumerate() {
            assert!(run.path().is_dir() && !runs[..i].contains(run));
            let name = run.path().file_name().unwrap().to_str().unwrap().to_owned();
            let digits: String = name[..17].chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
            assert_eq!(digits, "9999-99-99-999999");
            assert!(name[17..].starts_with("-my-data--"), "{name}");
        }
    }

    #[test]
    fn out_is_the_run_directory_and_must_be_empty() {
        let base = tempfile::tempdir().unwrap();
        let out = base.path().join("x/y");
        assert_eq!(RunDir::exactly(&out).unwrap().path(), out);
        assert!(RunDir::exactly(&out).is_ok(), "an empty one is fine");
        fs::write(out.join(".config.toml.tmp"), "seed").unwrap();
        assert!(RunDir::exactly(&out).is_ok(), "and so is one that a killed run left before it had a config");
        let scripts = out.join(RunDir::SCRIPTS);
        fs::create_dir(&scripts).unwrap();
        fs::write(scripts.join("mine-0123abcd.rhai"), "").unwrap();
        assert!(RunDir::exactly(&out).is_ok(), "or before it had more than its scripts");
        fs::write(scripts.join("mine.py"), "").unwrap();
        assert!(matches!(RunDir::exactly(&out), Err(RecordError::NotEmpty(_))), "somebody's scripts are no run's");
        fs::remove_dir_all(scripts).unwrap();
        fs::write(out.join("notes"), "").unwrap();
        let error = RunDir::exactly(&out).unwrap_err();
        assert!(matches!(error, RecordError::NotEmpty(_)) && error.is_usage());
        assert!(error.to_string().contains("--resume"), "{error}");
        let error = RunDir::exactly(&out.join("notes")).unwrap_err();
        assert!(matches!(error, RecordError::NotADirectory(_)), "{error}");
    }

    #[test]
    fn only_an_empty_directory_is_discarded() {
        let base = tempfile::tempdir().unwrap();
        let dir = RunDir::exactly(&base.path().join("run")).unwrap();
        fs::write(dir.path().join("notes"), "").unwrap();
        dir.discard_empty();
        assert!(dir.path().join("notes").is_file());
        fs::remove_file(dir.path().join("notes")).unwrap();
        dir.discard_empty();
        assert!(!dir.path().exists());
    }

    #[test]
    fn restarts_count_on() {
        let base = tempfile::tempdir().unwrap();
        let at = |name: &str| base.path().join(name);
        fs::create_dir(at("lr")).unwrap();
        assert_eq!(RunDir::sibling(&at("lr")).unwrap().path(), at("lr-2"));
        assert_eq!(RunDir::sibling(&at("lr")).unwrap().path(), at("lr-3"));
        assert_eq!(RunDir::sibling(&at("lr-3")).unwrap().path(), at("lr-4"));
        // `seed-7` is a name of its own where there is no `seed`.
        fs::create_dir(at("seed-7")).unwrap();
        assert_eq!(RunDir::sibling(&at("seed-7")).unwrap().path(), at("seed-7-2"));
    }

    #[test]
    fn only_a_run_can_be_resumed() {
        let base = tempfile::tempdir().unwrap();
        assert!(matches!(RunDir::existing(base.path()), Err(RecordError::NotARun(_))));
        fs::write(base.path().join("config.toml"), "").unwrap();
        assert!(RunDir::existing(base.path()).is_ok());
    }
}
