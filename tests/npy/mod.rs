//! The `.npy` format as NumPy writes it, for tests: own code, so that reader and writer of the program are not checked by each other.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::Path;

/// A file of `f4` or `f8` elements.
pub fn npy(kind: &str, shape: &[usize], values: &[f64]) -> Vec<u8> {
    let sizes: String = shape.iter().map(|n| format!("{n}, ")).collect();
    let mut header = format!("{{'descr': '<{kind}', 'fortran_order': False, 'shape': ({sizes}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    for v in values {
        match kind {
            "f4" => bytes.extend((*v as f32).to_le_bytes()),
            _ => bytes.extend(v.to_le_bytes()),
        }
    }
    bytes
}

/// Shape (as text) and numbers of a file of that kind.
pub fn read_npy(path: &Path, kind: &str) -> (String, Vec<f64>) {
    let bytes = std::fs::read(path).unwrap();
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let end = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    assert_eq!((end % 64, bytes[end - 1]), (0, b'\n'), "the numbers are aligned");
    let header = std::str::from_utf8(&bytes[10..end]).unwrap();
    assert!(header.contains(&format!("'descr': '<{kind}'")) && header.contains("'fortran_order': False"), "{header}");
    let shape = &header[header.find('(').unwrap()..=header.find(')').unwrap()];
    let values = match kind {
        "f4" => bytes[end..].chunks(4).map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap()))).collect(),
        _ => bytes[end..].chunks(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
    };
    (shape.to_owned(), values)
}
