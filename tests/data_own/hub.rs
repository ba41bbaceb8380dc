//! Parquet files as the Hugging Face hub has them.

use parquet::{
    data_type::{ByteArray, ByteArrayType, Int64Type},
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

use super::*;

/// A table of pictures, a text and labels, as the hub writes it; a class name for each of `names`.
fn write_parquet(path: &Path, rows: &[(Vec<u8>, i64)], names: &[&str]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let schema = "message schema { optional binary caption (UTF8); optional group image { optional binary bytes; \
                  optional binary path (UTF8); } optional int64 label; }";
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let meta = format!(
        "{{\"info\": {{\"features\": {{\"label\": {{\"names\": [{}], \"_type\": \"ClassLabel\"}}}}}}}}",
        names.join(", ")
    );
    let meta = (!names.is_empty()).then(|| vec![KeyValue::new("huggingface".into(), meta)]);
    let properties = Arc::new(WriterProperties::builder().set_key_value_metadata(meta).build());
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut writer = SerializedFileWriter::new(File::create(path).unwrap(), schema, properties).unwrap();
    // Two groups of rows.
    for rows in rows.chunks(rows.len().div_ceil(2)) {
        let mut group = writer.next_row_group().unwrap();
        let pictures: Vec<ByteArray> = rows.iter().map(|(bytes, _)| ByteArray::from(bytes.clone())).collect();
        let texts = vec![ByteArray::from("words"); rows.len()];
        for (values, level) in [(&texts[..], 1), (&pictures, 2), (&[], 1)] {
            let mut column = group.next_column().unwrap().unwrap();
            column.typed::<ByteArrayType>().write_batch(values, Some(&vec![level; rows.len()]), None).unwrap();
            column.close().unwrap();
        }
        let labels: Vec<i64> = rows.iter().map(|(_, label)| *label).collect();
        let mut column = group.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&labels, Some(&vec![1; rows.len()]), None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
}

/// `n` rows, class after class as often on the hub, red being the number of the row.
fn rows(first: u8, n: u8) -> Vec<(Vec<u8>, i64)> {
    (0..n).map(|i| (png(20, [first + i, 50, 60]), i64::from(i * 3 / n))).collect()
}

#[test]
fn parquet_files_are_put_together_mixed_and_scaled() {
    let dir = TempDir::new().unwrap();
    write_parquet(&dir.path().join("data/train-00000-of-00002.parquet"), &rows(0, 12), &["ant", "bee", "cat"]);
    write_parquet(&dir.path().join("data/train-00001-of-00002.parquet"), &rows(100, 9), &["ant", "bee", "cat"]);
    write_parquet(&dir.path().join("data/validation-00000-of-00001.parquet"), &rows(200, 6), &[]);
    let data = read("parquet", dir.path(), 0, 32).unwrap();
    assert_eq!(data.classes, ["ant", "bee", "cat"]);
    assert_eq!((data.train.len(), data.test.len(), data.train.height), (21, 6, 32));
    let expected = |first: u8, n: u8| (0..n).map(move |i| (first + i, i * 3 / n));
    assert_eq!(reds(&data.train), expected(0, 12).chain(expected(100, 9)).collect());
    assert_eq!(reds(&data.test), expected(200, 6).collect());
    assert_eq!(data.train.pixels[1024..3072], [[50; 1024], [60; 1024]].concat());
    assert!(!data.train.labels.is_sorted(), "mixed");
    let few = read("parquet", dir.path(), 8, 32).unwrap();
    assert_eq!((few.train.len(), few.test.len()), (8, 6));
    assert_eq!(few.train.pixels, data.train.pixels[..few.train.pixels.len()]);
    // A test file goes before one of validation; without names in the files, classes are numbers.
    write_parquet(&dir.path().join("test/0000.parquet"), &rows(220, 3), &[]);
    assert_eq!(reds(&read("parquet", dir.path(), 0, 32).unwrap().test), expected(220, 3).collect());
    fs::remove_dir_all(dir.path().join("data")).unwrap();
    write_parquet(&dir.path().join("train.parquet"), &rows(0, 12), &[]);
    assert_eq!(read("parquet", dir.path(), 0, 64).unwrap().classes, ["0", "1", "2"]);
}

#[test]
fn broken_parquet_files_say_what_is_wrong() {
    let dir = TempDir::new().unwrap();
    let says = |parts: &[&str]| assert_says(&message(read("parquet", dir.path(), 0, 32)), parts);
    let train = dir.path().join("train.parquet");
    says(&["*train*.parquet: not found", "*validation*.parquet"]);
    write_parquet(&train, &rows(0, 6), &[]);
    says(&["*test*.parquet: not found"]);
    write_parquet(&dir.path().join("test.parquet"), &rows(0, 6), &[]);
    assert!(read("parquet", dir.path(), 0, 32).is_ok());

    let good = fs::read(&train).unwrap();
    fs::write(&train, b"not parquet at all").unwrap();
    says(&["train.parquet", "a parquet file", "something else"]);
    fs::write(&train, &good[..good.len() / 2]).unwrap();
    says(&["train.parquet", "a parquet file"]);
    for (label, found) in [(256, "256 as label of row 1"), (-1, "-1 as label of row 1")] {
        write_parquet(&train, &[(png(20, [1; 3]), 0), (png(20, [1; 3]), label)], &[]);
        says(&["train.parquet", "label from 0 to 255", found]);
    }
    write_parquet(&train, &[(png(20, [1; 3]), 0), (b"no picture".to_vec(), 1)], &[]);
    says(&["train.parquet", "a picture (PNG or JPEG)", "cannot be read", "in row 1"]);
    write_parquet(&train, &[(png(20, [1; 3]), 0)], &[]);
    write_parquet(&dir.path().join("test.parquet"), &[(png(20, [1; 3]), 0)], &[]);
    says(&["two classes at least"]);

    let schema = Arc::new(parse_message_type("message schema { optional int64 label; optional int64 other; }").unwrap());
    let writer = SerializedFileWriter::new(File::create(&train).unwrap(), schema, Default::default()).unwrap();
    writer.close().unwrap();
    says(&["columns of images and labels", "the columns label, other", "a column of structs with `bytes`"]);
}

/// Whatever byte is wrong, there is a sentence or an image, never a panic that reaches us.
#[test]
fn damaged_parquet_never_breaks_through() {
    let dir = TempDir::new().unwrap();
    let train = dir.path().join("train.parquet");
    write_parquet(&train, &rows(0, 4), &["a", "b", "c"]);
    write_parquet(&dir.path().join("test.parquet"), &rows(0, 4), &[]);
    let good = fs::read(&train).unwrap();
    for at in (0..good.len()).step_by(1 + good.len() / 400) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x55;
        fs::write(&train, bytes).unwrap();
        if let Err(error) = read("parquet", dir.path(), 0, 32) {
            assert!(error.to_string().contains("train.parquet"), "{error}");
        }
    }
}

/// A footer may promise any number of rows: nothing is made ready for more than the file can hold.
#[test]
fn a_promise_of_countless_rows_is_not_believed() {
    let dir = TempDir::new().unwrap();
    let train = dir.path().join("train.parquet");
    write_parquet(&train, &rows(0, 6), &[]);
    write_parquet(&dir.path().join("test.parquet"), &rows(0, 6), &[]);
    let mut bytes = fs::read(&train).unwrap();
    // Thrift's compact protocol: a 64-bit field, 6 in zigzag, then the list of row groups; here 2^40 rows.
    let found = bytes.windows(3).rposition(|w| w == [0x16, 12, 0x19]).unwrap();
    bytes.splice(found + 1..found + 2, [0x80, 0x80, 0x80, 0x80, 0x80, 0x40]);
    let length = bytes.len() - 8;
    let footer = u32::from_le_bytes(bytes[length..length + 4].try_into().unwrap()) + 5;
    bytes[length..length + 4].copy_from_slice(&footer.to_le_bytes());
    fs::write(&train, bytes).unwrap();
    assert_says(&message(read("parquet", dir.path(), 0, 32)), &["train.parquet", "a promise of 1099511627776 in"]);
}
