//! The graphics protocol of kitty, which Ghostty, Konsole and others speak too
//! (<https://sw.kovidgoyal.net/kitty/graphics-protocol/>).
//!
//! Pixels are sent once under an id (`a=t`) and shown as often as wished (`a=p`): an image that comes back, since another one
//! was looked at in between, costs a few bytes. The terminal scales it to its cells. `q=2`: it answers nothing, since an
//! answer would be read as keys.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Format, Picture};

/// Most base64 characters in one escape sequence.
const CHUNK: usize = 4096;
/// Images that the terminal keeps for us; their ids go up from the first.
const SLOTS: usize = 256;
const FIRST_ID: usize = 0x0044_4d00;

/// What the terminal has of us.
#[derive(Default)]
pub struct Kitty {
    slots: Vec<Slot>,
    clock: u64,
}

struct Slot {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
    /// Where it is shown now.
    places: Vec<u32>,
    used: u64,
}

impl Kitty {
    /// The slot that has the picture's pixels, or else one for them, and whether they are still to be sent. None if all are on the
    /// screen.
    fn slot(&mut self, picture: &Picture) -> Option<(usize, bool)> {
        let same = |s: &Slot| (s.width, s.height) == (picture.width, picture.height) && s.rgb == picture.rgb;
        if let Some(at) = self.slots.iter().position(same) {
            return Some((at, false));
        }
        let new =
            Slot { width: picture.width, height: picture.height, rgb: picture.rgb.clone(), places: Vec::new(), used: self.clock };
        if self.slots.len() < SLOTS {
            self.slots.push(new);
            return Some((self.slots.len() - 1, true));
        }
        let unseen = self.slots.iter().enumerate().filter(|(_, s)| s.places.is_empty());
        let (at, _) = unseen.min_by_key(|(_, s)| s.used)?;
        self.slots[at] = new;
        Some((at, true))
    }
}

impl Format for Kitty {
    fn show(&mut self, picture: &Picture, place: u32, out: &mut Vec<u8>) {
        self.clock += 1;
        let Some((at, unsent)) = self.slot(picture) else { return };
        let id = FIRST_ID + at;
        if unsent {
            transmit(id, picture, out);
        }
        let (columns, rows) = (picture.area.width, picture.area.height);
        out.extend(format!("\x1b_Ga=p,i={id},p={place},c={columns},r={rows},C=1,q=2\x1b\\").into_bytes());
        self.slots[at].used = self.clock;
        self.slots[at].places.push(place);
    }

    fn hide(&mut self, place: u32, out: &mut Vec<u8>) {
        let Some((at, slot)) = self.slots.iter_mut().enumerate().find(|(_, s)| s.places.contains(&place)) else { return };
        slot.places.retain(|p| *p != place);
        out.extend(format!("\x1b_Ga=d,d=i,i={},p={place},q=2\x1b\\", FIRST_ID + at).into_bytes());
    }

    fn off(&self, out: &mut Vec<u8>) {
        for at in 0..self.slots.len() {
            out.extend(format!("\x1b_Ga=d,d=I,i={},q=2\x1b\\", FIRST_ID + at).into_bytes());
        }
    }
}

/// Sends pixels under an id, without showing them.
fn transmit(id: usize, picture: &Picture, out: &mut Vec<u8>) {
    let payload = STANDARD.encode(&picture.rgb);
    let chunks: Vec<&[u8]> = payload.as_bytes().chunks(CHUNK).collect();
    for (i, chunk) in chunks.iter().enumerate() {
        let more = u8::from(i + 1 < chunks.len());
        let control = match i {
            0 => format!("a=t,t=d,f=24,s={},v={},i={id},q=2,m={more}", picture.width, picture.height),
            _ => format!("m={more},q=2"),
        };
        out.extend([b"\x1b_G", control.as_bytes(), b";", chunk, b"\x1b\\"].concat());
    }
}
