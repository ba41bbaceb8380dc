//! What a terminal is asked about pictures, and how its answers are told from keys that are typed meanwhile.

use super::CellSize;

/// Would you show this one-pixel image (kitty's own query)? How many pixels has a character? What are you (DA1)? The last is
/// answered by every terminal, so an answer to it ends the wait.
pub const QUESTIONS: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[16t\x1b[c";

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    /// It speaks kitty's protocol.
    pub kitty: bool,
    /// It speaks sixel.
    pub sixel: bool,
    pub cell: Option<CellSize>,
    /// Everything is answered: nothing of it can come later.
    pub complete: bool,
    /// An answer has begun and not ended.
    pub cut_off: bool,
    /// What was not an answer, in order: keys.
    pub typed: Vec<u8>,
}

/// Parts answers and keys.
pub fn hear(mut bytes: &[u8]) -> Heard {
    let mut heard = Heard::default();
    while !bytes.is_empty() {
        let used = match bytes {
            [0x1b, b'_'] => None,
            [0x1b, b'_', b'G', ..] => string(bytes).inspect(|n| heard.kitty |= bytes[..*n].starts_with(b"\x1b_Gi=31;OK")),
            [0x1b, b'[', ..] => control(bytes).inspect(|n| heard.control(&bytes[..*n])),
            [byte, ..] => {
                heard.typed.push(*byte);
                Some(1)
            }
            [] => None,
        };
        let Some(used) = used else {
            heard.cut_off = true;
            break;
        };
        bytes = &bytes[used..];
    }
    heard
}

impl Heard {
    /// A whole `ESC [` sequence: an answer, or a key such as an arrow.
    fn control(&mut self, sequence: &[u8]) {
        let text = String::from_utf8_lossy(&sequence[2..]);
        let numbers = |text: &str| text.split(';').map(|n| n.parse::<u16>().unwrap_or(0)).collect::<Vec<_>>();
        if let Some(kind) = text.strip_prefix('?').and_then(|t| t.strip_suffix('c')) {
            self.complete = true;
            self.sixel = numbers(kind).contains(&4);
        } else if let Some(size) = text.strip_prefix("6;").and_then(|t| t.strip_suffix('t')) {
            if let [height @ (1..), width @ (1..)] = numbers(size)[..] {
                self.cell = Some((width, height));
            }
        } else {
            self.typed.extend(sequence);
        }
    }
}

/// The length of a control string that begins here, up to `ESC \`, if it ends here too.
fn string(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == b"\x1b\\").map(|at| at + 2)
}

/// The length of a control sequence that begins here: up to the first byte from `@` to `~`.
fn control(bytes: &[u8]) -> Option<usize> {
    (2..bytes.len()).find(|i| (0x40..=0x7e).contains(&bytes[*i])).map(|last| last + 1)
}
