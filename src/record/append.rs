//! Appending to a file that may run out of room: whole rows in, bytes out, what does not fit waits in memory.

use std::io::{self, ErrorKind, Write};

/// Above this much waiting a healthy file is written to without being asked.
const CHUNK: usize = 256 << 10;
/// At most this much waits for room on the disk (some 30,000 rows); rows beyond are dropped and counted.
const MOST: usize = 16 << 20;

/// A writer with a memory. Rows reach the file whole and in order, or, once `MOST` is full, not at all.
#[derive(Debug)]
pub(super) struct Append<W> {
    out: W,
    waiting: Vec<u8>,
    dropped: u64,
    failing: bool,
    most: usize,
}

impl<W: Write> Append<W> {
    pub fn new(out: W) -> Self {
        Self { out, waiting: Vec::new(), dropped: 0, failing: false, most: MOST }
    }

    /// Takes one row. Writes only when much is waiting, and not at all to a file that failed last time: that is tried
    /// again by [`Append::flush`], so that a full disk costs one attempt a second and not one a row.
    pub fn push(&mut self, row: &[u8]) -> io::Result<()> {
        if self.waiting.len() + row.len() > self.most {
            self.dropped += 1;
            return Ok(());
        }
        self.waiting.extend_from_slice(row);
        if self.failing || self.waiting.len() < CHUNK { Ok(()) } else { self.flush() }
    }

    /// Writes what waits. After a failure the part that was written is forgotten and the rest stays.
    pub fn flush(&mut self) -> io::Result<()> {
        let mut done = 0;
        let outcome = loop {
            if done == self.waiting.len() {
                break self.out.flush();
            }
            match self.out.write(&self.waiting[done..]) {
                Ok(0) => break Err(ErrorKind::WriteZero.into()),
                Ok(n) => done += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => break Err(e),
            }
        };
        self.waiting.drain(..done);
        self.failing = outcome.is_err();
        outcome
    }

    pub fn take_dropped(&mut self) -> u64 {
        // Told when there is room again, so that one gap is one message.
        if self.failing { 0 } else { std::mem::take(&mut self.dropped) }
    }

    pub fn inner(&mut self) -> &mut W {
        &mut self.out
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A disk with so much room, seen from outside.
    #[derive(Debug, Clone, Default)]
    pub struct Disk {
        pub state: Arc<Mutex<(Vec<u8>, usize)>>,
    }
    impl Disk {
        pub fn with_room(room: usize) -> Self {
            Self { state: Arc::new(Mutex::new((Vec::new(), room))) }
        }
        pub fn make_room(&self, more: usize) {
            self.state.lock().unwrap().1 += more;
        }
        pub fn text(&self) -> String {
            String::from_utf8(self.state.lock().unwrap().0.clone()).unwrap()
        }
    }
    impl Write for Disk {
        fn write(&mut self, data: &[u8]) -> io::Result<usize> {
            let mut state = self.state.lock().unwrap();
            let n = data.len().min(state.1);
            if n == 0 {
                return Err(ErrorKind::StorageFull.into());
            }
            state.0.extend_from_slice(&data[..n]);
            state.1 -= n;
            Ok(n)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_row_cut_in_two_by_a_full_disk_is_whole_in_the_end() {
        let disk = Disk::with_room(9);
        let mut file = Append::new(disk.clone());
        for row in ["{\"a\":1}\n", "{\"a\":2}\n", "{\"a\":3}\n"] {
            file.push(row.as_bytes()).unwrap();
        }
        assert_eq!(file.flush().unwrap_err().kind(), ErrorKind::StorageFull);
        assert_eq!(disk.text(), "{\"a\":1}\n{");
        file.push(b"{\"a\":4}\n").unwrap();
        assert!(file.flush().is_err());
        disk.make_room(1000);
        file.flush().unwrap();
        assert_eq!(disk.text(), "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n{\"a\":4}\n");
        assert_eq!(file.take_dropped(), 0);
    }

    #[test]
    fn memory_is_bounded_and_losses_are_counted() {
        let disk = Disk::with_room(0);
        let mut file = Append { most: 20, ..Append::new(disk.clone()) };
        file.push(b"0123456789\n").unwrap();
        assert!(file.flush().is_err());
        file.push(b"0123456789\n").unwrap();
        file.push(b"short\n").unwrap();
        assert_eq!(file.take_dropped(), 0, "told when there is room again");
        disk.make_room(100);
        file.flush().unwrap();
        assert_eq!(disk.text(), "0123456789\nshort\n");
        assert_eq!(file.take_dropped(), 1);
        assert_eq!(file.take_dropped(), 0);
    }
}
