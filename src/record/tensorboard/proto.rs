//! The few protocol-buffer messages of an event file, with the field numbers of tensorflow/core/util/event.proto,
//! framework/summary.proto and framework/tensor.proto; the forms of values are those of TensorBoard's plugins.

/// `SessionLog.START`.
pub const SESSION_START: i32 = 1;
/// `DT_FLOAT`, `DT_DOUBLE`, `DT_STRING`.
const FLOAT: i32 = 1;
const DOUBLE: i32 = 2;
const STRING: i32 = 7;

#[derive(Clone, PartialEq, prost::Message)]
pub struct Event {
    /// Seconds since 1970.
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

#[derive(Clone, PartialEq, prost::Message)]
pub struct SessionLog {
    #[prost(int32, tag = "1")]
    pub status: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Summary {
    #[prost(message, repeated, tag = "1")]
    pub value: Vec<Value>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Value {
    #[prost(string, tag = "1")]
    pub tag: String,
    #[prost(message, optional, tag = "9")]
    pub metadata: Option<Metadata>,
    #[prost(oneof = "Content", tags = "2, 8")]
    pub content: Option<Content>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Content {
    #[prost(float, tag = "2")]
    Simple(f32),
    #[prost(message, tag = "8")]
    Tensor(Tensor),
}

/// `SummaryMetadata`: which plugin shows the value.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Metadata {
    #[prost(message, optional, tag = "1")]
    pub plugin: Option<Plugin>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Plugin {
    #[prost(string, tag = "1")]
    pub name: String,
    /// A message of the plugin's own.
    #[prost(bytes = "vec", tag = "2")]
    pub content: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Tensor {
    #[prost(int32, tag = "1")]
    pub dtype: i32,
    #[prost(message, optional, tag = "2")]
    pub shape: Option<Shape>,
    #[prost(double, repeated, tag = "6")]
    pub double: Vec<f64>,
    #[prost(bytes = "vec", repeated, tag = "8")]
    pub string: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Shape {
    #[prost(message, repeated, tag = "2")]
    pub dim: Vec<Dim>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Dim {
    #[prost(int64, tag = "1")]
    pub size: i64,
}

/// A number under a tag.
pub fn scalar(tag: &str, value: f32) -> Value {
    Value { tag: tag.into(), metadata: None, content: Some(Content::Simple(value)) }
}

/// A text under a tag, for TensorBoard's text page: a vector of one string.
pub fn text(tag: &str, text: &str) -> Value {
    let tensor = Tensor { dtype: STRING, string: vec![text.as_bytes().to_vec()], ..shaped(&[1]) };
    of_plugin(tag, "text", Vec::new(), tensor)
}

/// A histogram: rows of a bin's left end, right end, and count.
pub fn histogram(tag: &str, bins: &[[f64; 3]]) -> Value {
    let tensor = Tensor { dtype: DOUBLE, double: bins.concat(), ..shaped(&[bins.len(), 3]) };
    of_plugin(tag, "histograms", Vec::new(), tensor)
}

/// A picture: width, height, PNG.
pub fn image(tag: &str, width: u32, height: u32, png: Vec<u8>) -> Value {
    let string = vec![width.to_string().into_bytes(), height.to_string().into_bytes(), png];
    of_plugin(tag, "images", Vec::new(), Tensor { dtype: STRING, string, ..shaped(&[3]) })
}

/// A value that is nothing but a plugin's message. The tensor is there because one must be.
pub fn message(tag: &str, plugin: &str, content: Vec<u8>) -> Value {
    of_plugin(tag, plugin, content, Tensor { dtype: FLOAT, ..shaped(&[0]) })
}

fn of_plugin(tag: &str, name: &str, content: Vec<u8>, tensor: Tensor) -> Value {
    let plugin = Some(Plugin { name: name.into(), content });
    Value { tag: tag.into(), metadata: Some(Metadata { plugin }), content: Some(Content::Tensor(tensor)) }
}

fn shaped(sizes: &[usize]) -> Tensor {
    let dim = sizes.iter().map(|&size| Dim { size: i64::try_from(size).unwrap_or(i64::MAX) }).collect();
    Tensor { shape: Some(Shape { dim }), ..Tensor::default() }
}
