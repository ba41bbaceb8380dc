//! What a run directory keeps of the lesson that is taken beside the run (`lesson.toml`): its text and the reader's place in it, so that a
//! resumed run goes on with both. It is the reader's and not the run's: no replay and no `--batch` looks at it.

use std::{
    fs::File,
    io::{self, ErrorKind, Read},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::Lesson;
use crate::config::{self, Place};

/// Its name in the run directory.
const NAME: &str = "lesson.toml";
/// No lesson is larger.
const LARGEST: u64 = 1 << 20;

/// Where a reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bookmark {
    /// 0: the introduction; else the card of this number.
    card: usize,
    /// The furthest there was.
    reached: usize,
    /// The step from which the next card's steps are counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
    /// The log is in its place.
    #[serde(default)]
    hidden: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    place: Bookmark,
    lesson: config::Lesson,
}

impl Lesson {
    fn bookmark(&self) -> Bookmark {
        Bookmark { card: self.card, reached: self.reached, since: self.since, hidden: self.hidden }
    }

    /// The file of this run directory and what is to be in it, if it is not there yet.
    pub fn to_keep(&mut self, run: &Path) -> Option<(PathBuf, String)> {
        let place = self.bookmark();
        if self.kept.as_ref().is_some_and(|(there, kept)| there == run && *kept == place) {
            return None;
        }
        self.kept = Some((run.to_owned(), place));
        // Everything in a lesson can be said in TOML: it was read from it.
        let text = toml::to_string(&Note { place, lesson: self.text.clone() }).ok()?;
        Some((run.join(NAME), text))
    }

    /// The lesson that was taken beside the run in this directory, or in one sentence why it cannot be had; `None`: there was none.
    pub fn of_run(run: &Path) -> Option<Result<Self, String>> {
        let path = run.join(NAME);
        let why = |what: String| format!("no lesson is taken up: {what}");
        match read(&path) {
            Ok(text) => Some(Self::taken_up(&text, &path).map_err(why)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => Some(Err(why(format!("{} cannot be read: {error}", path.display())))),
        }
    }

    fn taken_up(text: &str, path: &Path) -> Result<Self, String> {
        let note: Note = toml::from_str(text).map_err(|e| {
            let at = Place::in_text(path, text, e.span().map_or(0, |span| span.start));
            format!("{at}{}", e.message().split_whitespace().collect::<Vec<_>>().join(" "))
        })?;
        let (Bookmark { card, reached, since, hidden }, cards) = (note.place, note.lesson.steps.len());
        if card > reached || reached > cards {
            return Err(format!("{}: card {card} of {reached} reached, but there are {cards} cards", path.display()));
        }
        let taken_up = true;
        Ok(Self { card, reached, since, hidden, taken_up, ..Self::new(note.lesson) })
    }
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::LESSONS;

    #[test]
    fn what_is_kept_is_what_is_taken_up_and_is_written_once() {
        let dir = tempfile::tempdir().unwrap();
        for shipped in &LESSONS {
            let text = shipped.config().unwrap().lesson.unwrap();
            let mut lesson = Lesson { card: 2, reached: 3, since: Some(812), hidden: true, ..Lesson::new(text) };
            let (path, note) = lesson.to_keep(dir.path()).unwrap();
            assert_eq!(lesson.to_keep(dir.path()), None, "nothing has changed");
            assert!(lesson.to_keep(&dir.path().join("other")).is_some(), "another run has none yet");
            fs::write(path, note).unwrap();
            let again = Lesson::of_run(dir.path()).unwrap().unwrap();
            assert_eq!((again.bookmark(), &again.text), (lesson.bookmark(), &lesson.text));
            lesson.card = 1;
            assert!(lesson.to_keep(dir.path()).is_some());
        }
    }

    #[test]
    fn no_note_is_no_lesson_and_a_damaged_one_is_one_sentence() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Lesson::of_run(dir.path()).is_none());
        let (_, good) = Lesson::new(LESSONS[0].config().unwrap().lesson.unwrap()).to_keep(dir.path()).unwrap();
        for (text, part) in [
            (good[..good.len() / 2].to_owned(), "lesson.toml:"),
            (good.replacen("card = 0", "card = \"x\"", 1), "lesson.toml:2:8: "),
            (good.replacen("reached = 0", "reached = 40", 1), "there are 4 cards"),
            (good.replacen("card = 0", "card = 1", 1), "card 1 of 0 reached"),
            (String::new(), "missing field"),
        ] {
            fs::write(dir.path().join(NAME), &text).unwrap();
            let error = Lesson::of_run(dir.path()).unwrap().unwrap_err();
            assert!(error.starts_with("no lesson is taken up: ") && error.contains(part), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
        fs::remove_file(dir.path().join(NAME)).unwrap();
        fs::create_dir(dir.path().join(NAME)).unwrap();
        assert!(Lesson::of_run(dir.path()).unwrap().unwrap_err().contains("cannot be read"));
    }
}
