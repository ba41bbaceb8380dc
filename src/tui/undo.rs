//! What was changed from here and can be taken back, newest last.

use crate::config::Change;

/// Accepted requests of this front end, and those of them that are being taken back.
#[derive(Debug, Clone, Default)]
pub struct Undo {
    accepted: Vec<Vec<Change>>,
    /// Requests under way that take one back, by their ids.
    under_way: Vec<(u64, Vec<Change>)>,
}

impl Undo {
    /// The newest accepted change, if there is one.
    pub fn newest(&self) -> Option<&[Change]> {
        self.accepted.last().map(Vec::as_slice)
    }

    /// How many can be taken back.
    pub fn len(&self) -> usize {
        self.accepted.len()
    }

    pub fn is_empty(&self) -> bool {
        self.accepted.is_empty()
    }

    /// Request `id` takes back the newest one; without a request there was nothing left to take back.
    pub fn begin(&mut self, id: Option<u64>) {
        if let (Some(changes), Some(id)) = (self.accepted.pop(), id) {
            self.under_way.push((id, changes));
        }
    }

    /// The trainer has accepted a request: it can be taken back, unless it took one back itself.
    pub fn accepted(&mut self, id: u64, changes: Vec<Change>) {
        let before = self.under_way.len();
        self.under_way.retain(|(other, _)| *other != id);
        if self.under_way.len() == before {
            self.accepted.push(changes);
        }
    }

    /// The trainer has refused a request: what it was to take back is there still.
    pub fn refused(&mut self, id: u64) {
        if let Some(at) = self.under_way.iter().position(|(other, _)| *other == id) {
            self.accepted.push(self.under_way.remove(at).1);
        }
    }
}
