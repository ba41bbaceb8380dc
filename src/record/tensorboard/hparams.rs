//! The settings of a run for TensorBoard's page of hyperparameters (tensorboard/plugins/hparams/plugin_data.proto).
//!
//! Every run tells all its settings, and no run describes the experiment: of that TensorBoard would take one run's word for all.
//! Without it, it looks at all runs, shows the settings in which they differ first, and beside them the last of each run's scalars.

use std::collections::BTreeMap;

use super::proto::{self, Value};
use crate::config::{Config, keys};

const PLUGIN: &str = "hparams";
const START: &str = "_hparams_/session_start_info";
const END: &str = "_hparams_/session_end_info";
/// `STATUS_SUCCESS`, `STATUS_FAILURE`.
const SUCCESS: i32 = 1;
const FAILURE: i32 = 2;

/// `HParamsPluginData`; its version is 0.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PluginData {
    #[prost(oneof = "Data", tags = "3, 4")]
    pub data: Option<Data>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Data {
    #[prost(message, tag = "3")]
    Start(SessionStart),
    #[prost(message, tag = "4")]
    End(SessionEnd),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SessionStart {
    #[prost(btree_map = "string, message", tag = "1")]
    pub hparams: BTreeMap<String, Setting>,
    #[prost(double, tag = "5")]
    pub start_time: f64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SessionEnd {
    #[prost(int32, tag = "1")]
    pub status: i32,
    #[prost(double, tag = "2")]
    pub end_time: f64,
}

/// `google.protobuf.Value`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Setting {
    #[prost(oneof = "Kind", tags = "2, 3, 4")]
    pub kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Kind {
    #[prost(double, tag = "2")]
    Number(f64),
    #[prost(string, tag = "3")]
    Text(String),
    #[prost(bool, tag = "4")]
    Bool(bool),
}

/// What the run begins with. Where it runs is no setting of it.
pub(super) fn begun(config: &Config, now: f64) -> Value {
    let tree = config.to_table();
    let told = keys().iter().filter(|key| !["run.dir", "data.dir"].contains(&key.name));
    let hparams = told.filter_map(|key| Some((key.name.to_owned(), setting(find(&tree, key.name)?))));
    message(START, Data::Start(SessionStart { hparams: hparams.collect(), start_time: now }))
}

/// How it ended; `None` for a run that was stopped, as it may go on.
pub(super) fn ended(outcome: &str, now: f64) -> Option<Value> {
    let status = match outcome {
        "done" => SUCCESS,
        stopped if stopped.starts_with("stopped") => return None,
        _ => FAILURE,
    };
    Some(message(END, Data::End(SessionEnd { status, end_time: now })))
}

fn message(tag: &str, data: Data) -> Value {
    proto::message(tag, PLUGIN, prost::Message::encode_to_vec(&PluginData { data: Some(data) }))
}

fn find<'a>(tree: &'a toml::Table, key: &str) -> Option<&'a toml::Value> {
    match key.split_once('.') {
        None => tree.get(key),
        Some((first, rest)) => find(tree.get(first)?.as_table()?, rest),
    }
}

fn setting(value: &toml::Value) -> Setting {
    let kind = match value {
        toml::Value::Boolean(yes) => Kind::Bool(*yes),
        toml::Value::Integer(n) => Kind::Number(*n as f64),
        toml::Value::Float(v) => Kind::Number(*v),
        toml::Value::String(text) => Kind::Text(text.clone()),
        other => Kind::Text(other.to_string()),
    };
    Setting { kind: Some(kind) }
}
