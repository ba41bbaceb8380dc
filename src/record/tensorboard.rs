//! TensorBoard event files: records of `u64 length, u32 masked CRC-32C of it, payload, u32 masked CRC-32C of that`,
//! each payload a protobuf `Event`. Format: TensorFlow's `tensorflow/core/util/event.proto` and `summary.proto`.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use prost::Message;

use super::{ProbeRow, StepRow};

#[derive(Clone, PartialEq, Message)]
pub struct Event {
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    #[prost(int64, tag = "2")]
    pub step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    pub what: Option<What>,
}
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}
/// Tells readers to drop what older files say about this step and later ones.
#[derive(Clone, PartialEq, Message)]
pub struct SessionLog {
    /// 1 is START.
    #[prost(int32, tag = "1")]
    pub status: i32,
}
#[derive(Clone, PartialEq, Message)]
pub struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub value: Vec<Value>,
}
#[derive(Clone, PartialEq, Message)]
pub struct Value {
    #[prost(string, tag = "1")]
    pub tag: String,
    #[prost(float, optional, tag = "2")]
    pub simple_value: Option<f32>,
    #[prost(message, optional, tag = "8")]
    pub tensor: Option<TensorProto>,
    #[prost(message, optional, tag = "9")]
    pub metadata: Option<Metadata>,
}
#[derive(Clone, PartialEq, Message)]
pub struct TensorProto {
    /// 7 is DT_STRING.
    #[prost(int32, tag = "1")]
    pub dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Shape>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub string_val: Vec<Vec<u8>>,
}
#[derive(Clone, PartialEq, Message)]
pub struct Shape {
    #[prost(message, repeated, tag = "2")]
    pub dim: Vec<Dim>,
}
#[derive(Clone, PartialEq, Message)]
pub struct Dim {
    #[prost(int64, tag = "1")]
    pub size: i64,
}
#[derive(Clone, PartialEq, Message)]
pub struct Metadata {
    #[prost(message, optional, tag = "1")]
    pub plugin: Option<Plugin>,
}
#[derive(Clone, PartialEq, Message)]
pub struct Plugin {
    #[prost(string, tag = "1")]
    pub name: String,
}

/// One `events.out.tfevents.*` file being written.
#[derive(Debug)]
pub struct EventFile {
    dir: PathBuf,
    file: BufWriter<File>,
}

impl EventFile {
    /// A new file in `dir`. With `step` > 0 it begins with a session marker there, so that readers forget later steps of
    /// older files.
    pub fn create(dir: &Path, step: u64) -> io::Result<Self> {
        let seconds = now() as u64;
        let mut path = dir.join(format!("events.out.tfevents.{seconds:010}.dim-tui"));
        for n in 1.. {
            if !path.exists() {
                break;
            }
            path = dir.join(format!("events.out.tfevents.{seconds:010}.dim-tui.{n}"));
        }
        let mut this = Self { dir: dir.into(), file: BufWriter::new(File::create(path)?) };
        this.write(0, What::FileVersion("brain.Event:2".into()))?;
        if step > 0 {
            this.write(step as i64 + 1, What::SessionLog(SessionLog { status: 1 }))?;
        }
        Ok(this)
    }

    /// Goes on in a new file after a return to `step`.
    pub fn restart_at(&mut self, step: u64) -> io::Result<()> {
        self.flush()?;
        *self = Self::create(&self.dir, step)?;
        Ok(())
    }

    pub fn step(&mut self, row: &StepRow) -> io::Result<()> {
        let named = [
            ("loss/total", Some(row.loss)),
            ("loss/global", row.terms.global),
            ("loss/local", row.terms.local),
            ("loss/prior", row.terms.prior),
            ("loss/discriminator", row.terms.discriminator),
            ("mi/global", row.mi.global),
            ("mi/local", row.mi.local),
            ("optim/lr", Some(row.lr)),
            ("optim/grad_norm", Some(row.grad_norm)),
        ];
        self.scalars(row.step, &named)
    }

    pub fn probe(&mut self, row: &ProbeRow) -> io::Result<()> {
        let a = &row.accuracy;
        let named = [
            ("probe/conv", Some(a.linear.conv)),
            ("probe/fc", Some(a.linear.fc)),
            ("probe/y", Some(a.linear.y)),
            ("probe/knn_y", Some(a.knn.y)),
            ("mi_heldout/global", row.mi_heldout.global),
            ("mi_heldout/local", row.mi_heldout.local),
        ];
        self.scalars(row.step, &named)?;
        self.flush()
    }

    fn scalars(&mut self, step: u64, named: &[(&str, Option<f64>)]) -> io::Result<()> {
        let value = named
            .iter()
            .filter_map(|(tag, v)| Some(Value { tag: tag.to_string(), simple_value: Some((*v)? as f32), ..Value::default() }))
            .collect();
        self.write(step as i64, What::Summary(Summary { value }))
    }

    /// A text, as TensorBoard's text tab shows it.
    pub fn text(&mut self, step: u64, tag: &str, text: &str) -> io::Result<()> {
        let tensor = TensorProto {
            dtype: 7,
            shape: Some(Shape { dim: vec![Dim { size: 1 }] }),
            string_val: vec![text.as_bytes().to_vec()],
        };
        let metadata = Metadata { plugin: Some(Plugin { name: "text".into() }) };
        let value = Value { tag: tag.into(), simple_value: None, tensor: Some(tensor), metadata: Some(metadata) };
        self.write(step as i64, What::Summary(Summary { value: vec![value] }))
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    fn write(&mut self, step: i64, what: What) -> io::Result<()> {
        let payload = Event { wall_time: now(), step, what: Some(what) }.encode_to_vec();
        self.file.write_all(&frame(&payload))
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// A payload as a TFRecord.
fn frame(payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u64).to_le_bytes();
    let mut out = Vec::with_capacity(payload.len() + 16);
    out.extend_from_slice(&length);
    out.extend_from_slice(&masked_crc(&length).to_le_bytes());
    out.extend_from_slice(payload);
    out.extend_from_slice(&masked_crc(payload).to_le_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first record of every TensorBoard file of version 2, bytes as TensorFlow writes them (wall time 0).
    #[test]
    fn framing_is_that_of_tfrecord() {
        // CRC-32C of "123456789" is 0xe3069283 (RFC 3720, B.4); masking as in TensorFlow's crc32c.h.
        let crc = 0xe306_9283u32;
        assert_eq!(masked_crc(b"123456789"), ((crc >> 15) | (crc << 17)).wrapping_add(0xa282_ead8));
        let record = frame(b"abc");
        assert_eq!(record[..8], 3u64.to_le_bytes());
        assert_eq!(record[12..15], *b"abc");
        assert_eq!(record.len(), 8 + 4 + 3 + 4);
    }
}
