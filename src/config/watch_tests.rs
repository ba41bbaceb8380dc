//! Saves as editors make them, and what the watch makes of each.

use std::{
    fs,
    path::PathBuf,
    thread::sleep,
    time::{Duration, Instant},
};

use toml::Value;

use super::*;

struct Desk {
    folder: tempfile::TempDir,
    file: PathBuf,
    watch: Watch,
}

impl Desk {
    /// A folder with a config file in it, watched and quiet.
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("my.toml");
        fs::write(&file, text).unwrap();
        let watch = Watch::new(&file, load(Some(&file), &[]).unwrap()).unwrap();
        let mut desk = Self { folder, file, watch };
        assert_eq!(desk.quiet(), None);
        desk
    }

    /// The next event, if one comes within `wait`.
    fn within(&mut self, wait: Duration) -> Option<FileEvent> {
        let start = Instant::now();
        while start.elapsed() < wait {
            if let Some(event) = self.watch.poll() {
                return Some(event);
            }
            sleep(Duration::from_millis(5));
        }
        None
    }

    fn next(&mut self) -> FileEvent {
        self.within(Duration::from_secs(5)).expect("an event")
    }

    /// Long enough for the debounce.
    fn quiet(&mut self) -> Option<FileEvent> {
        self.within(Duration::from_millis(400))
    }

    fn save_by_rename(&self, text: &str) {
        let swap = self.folder.path().join(".my.toml.swp");
        fs::write(&swap, text).unwrap();
        fs::rename(&swap, &self.file).unwrap();
    }

    fn changed(&mut self) -> Vec<(String, Value)> {
        match self.next() {
            FileEvent::Changed { changes, .. } => changes.into_iter().map(|c| (c.key, c.to)).collect(),
            other => panic!("{other:?}"),
        }
    }
}

fn one(key: &str, value: impl Into<Value>) -> Vec<(String, Value)> {
    vec![(key.to_owned(), value.into())]
}

#[test]
fn both_ways_of_saving_are_seen_and_only_changed_keys_told() {
    let mut desk = Desk::new("[optim]\nlr = 0.001\nbatch = 32\n");
    desk.save_by_rename("[optim]\nlr = 0.002\nbatch = 32\n");
    assert_eq!(desk.changed(), one("optim.lr", 0.002));
    // Truncated, then written: the empty file in between is a write in progress.
    fs::write(&desk.file, "").unwrap();
    assert_eq!(desk.quiet(), None);
    fs::write(&desk.file, "[optim]\nlr = 0.002\nbatch = 16\n").unwrap();
    assert_eq!(desk.changed(), one("optim.batch", 16));
    // By rename again: the file watched is by now another one of the same name.
    desk.save_by_rename("[optim]\nlr = 0.002\nbatch = 8\n");
    assert_eq!(desk.changed(), one("optim.batch", 8));
    // Only a comment, or nothing at all.
    desk.save_by_rename("[optim]\nlr = 0.002\nbatch = 8 # small\n");
    assert_eq!(desk.quiet(), None);
    // Another file in the folder.
    fs::write(desk.folder.path().join("other.toml"), "[optim]\nlr = 9\n").unwrap();
    assert_eq!(desk.quiet(), None);
}

#[test]
fn a_removed_key_goes_back_to_its_default() {
    let mut desk = Desk::new("seed = 1\n[optim]\nlr = 0.5\n");
    desk.save_by_rename("seed = 1\n");
    assert_eq!(desk.changed(), one("optim.lr", Config::default().optim.lr));
}

#[test]
fn a_broken_file_changes_nothing_until_mended() {
    let mut desk = Desk::new("[optim]\nlr = 0.5\n");
    desk.save_by_rename("[optim]\nlrr = 0.25\n");
    match desk.next() {
        FileEvent::Broken(e) => {
            assert!(e.to_string().ends_with("my.toml:2:1: unknown key 'optim.lrr', did you mean 'optim.lr'?"), "{e}")
        }
        other => panic!("{other:?}"),
    }
    assert!(desk.watch.broken().is_some());
    assert_eq!(desk.watch.last_valid().optim.lr, 0.5);
    // Mended as it was: nothing to change.
    desk.save_by_rename("[optim]\nlr = 0.5\n");
    assert_eq!(desk.next(), FileEvent::Mended);
    assert!(desk.watch.broken().is_none());
    // Broken, then mended with another value: against the last valid content.
    desk.save_by_rename("[optim\n");
    assert!(matches!(desk.next(), FileEvent::Broken(ConfigError::Syntax { .. })));
    desk.save_by_rename("[optim]\nlr = 0.75\n");
    assert_eq!(desk.changed(), one("optim.lr", 0.75));
    assert!(desk.watch.broken().is_none());
}

#[test]
fn our_own_write_is_no_event_and_the_base_of_the_next() {
    let mut desk = Desk::new("# mine\n[optim]\nlr = 0.5\n");
    let edits = one("optim.batch", 16);
    let text = write_back(&desk.file, &Config::default(), &edits).unwrap();
    desk.watch.own_write(&text);
    assert_eq!(desk.quiet(), None);
    desk.save_by_rename(&text.replace("0.5", "0.25"));
    assert_eq!(desk.changed(), one("optim.lr", 0.25));
    // Undone in the editor, the text is the one we wrote; now it is a save like any other.
    desk.save_by_rename(&text);
    assert_eq!(desk.changed(), one("optim.lr", 0.5));
}

#[test]
fn a_save_between_reading_and_watching_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    fs::write(&file, "seed = 1\n").unwrap();
    let read = load(Some(&file), &[]).unwrap();
    fs::write(&file, "seed = 2\n").unwrap();
    let watch = Watch::new(&file, read).unwrap();
    let mut desk = Desk { folder, file, watch };
    assert_eq!(desk.changed(), one("seed", 2));
}

/// The target of a link changes in another folder, which sends no event here.
#[cfg(unix)]
#[test]
fn a_change_without_an_event_is_found_by_comparing() {
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("real.toml");
    fs::write(&target, "seed = 1\n").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    std::os::unix::fs::symlink(&target, &file).unwrap();
    let watch = Watch::new(&file, load(Some(&file), &[]).unwrap()).unwrap();
    let mut desk = Desk { folder, file, watch };
    assert_eq!(desk.quiet(), None);
    fs::write(&target, "seed = 2\n").unwrap();
    assert_eq!(desk.changed(), one("seed", 2));
    // Written back through the link, the link stays.
    let text = write_back(&desk.file, &Config::default(), &one("seed", 3)).unwrap();
    assert!(desk.file.is_symlink() && fs::read_to_string(&target).unwrap() == text);
}
