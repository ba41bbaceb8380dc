//! What has been asked of the trainer and is not answered yet: the screen shows it as *requested*, never as in force.

use toml::Value;

use crate::{
    config::{Change, Config},
    train::Snapshot,
};

/// One [`crate::train::Command::Apply`] under way.
#[derive(Debug, Clone)]
pub struct Request {
    pub id: u64,
    pub changes: Vec<Change>,
    /// Accepted; kept until a snapshot shows it, so that the old value does not flash up in between.
    accepted: bool,
}

/// All requests under way, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Requests {
    list: Vec<Request>,
    last_id: u64,
}

impl Requests {
    /// Enters a request and gives it its id.
    pub fn add(&mut self, changes: Vec<Change>) -> u64 {
        self.last_id += 1;
        self.list.push(Request { id: self.last_id, changes, accepted: false });
        self.last_id
    }

    /// The value the key will have if all goes as asked: of several requests the newest.
    pub fn wanted(&self, key: &str) -> Option<&Value> {
        self.list.iter().rev().flat_map(|r| r.changes.iter().rev()).find(|c| c.key == key).map(|c| &c.to)
    }

    /// `config` with everything requested laid over it, in order.
    pub fn over(&self, config: &Config) -> Config {
        self.list.iter().fold(config.clone(), |config, request| {
            let edits: Vec<(String, Value)> = request.changes.iter().map(|c| (c.key.clone(), c.to.clone())).collect();
            // One that does not fit will be refused by the trainer: later edits build on what stays.
            config.with(&edits).unwrap_or(config)
        })
    }

    /// The trainer has accepted: `shown` is the state on the screen now.
    pub fn accept(&mut self, id: u64, shown: &Snapshot) -> Option<Request> {
        let request = self.list.iter_mut().find(|r| r.id == id)?;
        request.accepted = true;
        let found = request.clone();
        if found.changes.iter().all(|c| shown.config.get(&c.key).as_ref() == Some(&c.to)) {
            self.list.retain(|r| r.id != id);
        }
        Some(found)
    }

    /// The trainer has refused.
    pub fn refuse(&mut self, id: u64) -> Option<Request> {
        let at = self.list.iter().position(|r| r.id == id)?;
        Some(self.list.remove(at))
    }

    /// A new state is on the screen: what was accepted before is in it.
    pub fn settle(&mut self) {
        self.list.retain(|r| !r.accepted);
    }

    /// Forgets all: the trainer they were sent to is gone.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// True while the trainer owes an answer.
    pub fn unanswered(&self) -> bool {
        self.list.iter().any(|r| !r.accepted)
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}
