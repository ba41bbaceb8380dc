//! The first line: what fits of what there is to say, and no word cut.

use std::sync::Arc;

use super::Bench;
use crate::{
    train::{Facts, Usage},
    tui::message::Message,
};

fn bench(device: &str) -> Bench {
    let mut b = Bench::new();
    let facts = Facts {
        data: "shapes: 8192 train, 2048 test, 32×32×3, 10 classes".into(),
        encoder: "conv32 ×32 → 64".into(),
        device: device.into(),
        threads: 1,
        ..Facts::default()
    };
    b.publish(|s| s.facts = Arc::new(facts));
    b
}

fn first(b: &Bench, width: u16, height: u16) -> String {
    b.screen(width, height).lines().next().unwrap().trim_end().to_owned()
}

#[test]
fn the_memory_of_the_process_stands_beside_the_device_where_there_is_room() {
    let mut b = bench("cpu");
    let without = first(&b, 120, 40);
    assert!(without.ends_with("cpu, 1 thread") && !without.contains("MiB"), "nothing is known: {without}");
    b.send(Message::Memory(1172));
    assert!(first(&b, 120, 40).ends_with("· cpu, 1 thread, 1,172 MiB"), "{}", first(&b, 120, 40));
    // What it is on comes before how much of it.
    for (width, height) in [(60, 20), (80, 24), (90, 24), (103, 30), (200, 60)] {
        let line = first(&b, width, height);
        assert!(line.ends_with("1 thread") || line.ends_with("MiB"), "{width}: {line}");
    }
    assert!(first(&b, 100, 30).contains("2048 test"), "it takes no room from the data: {}", first(&b, 100, 30));
    let mut gpu = bench("cuda:0");
    gpu.send(Message::Memory(172));
    assert!(first(&gpu, 200, 60).ends_with("cuda:0, 1 thread, 172 MiB of main memory"), "{}", first(&gpu, 200, 60));
}

#[test]
fn what_a_gpu_tells_of_itself_stands_there_instead() {
    let mut b = bench("cuda:0");
    b.send(Message::Memory(172));
    let usage = Usage { memory: Some((3 << 30, 80 << 30)), load: Some(97), temperature: Some(61) };
    b.publish(|s| s.gpu = Some(usage));
    let wide = first(&b, 200, 60);
    assert!(wide.ends_with("· cuda:0, 3.0 of 80 GiB, 97 %, 61 °C"), "{wide}");
    assert!(first(&b, 80, 24).ends_with("cuda:0, 1 thread"), "where there is no room, the device alone");
}
