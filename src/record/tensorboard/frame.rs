//! The record framing of TensorFlow's event files: length, masked CRC-32C of the length, data, masked CRC-32C of the data,
//! all little-endian (tensorflow/core/lib/io/record_writer.cc, tensorflow/core/lib/hash/crc32c.h).

/// CRCs of data that holds CRCs are weak, so a stored one is rotated by 15 bits and shifted by a constant.
pub fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// One record around these bytes.
pub fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut out = Vec::with_capacity(data.len() + 16);
    out.extend_from_slice(&length);
    out.extend_from_slice(&masked_crc(&length).to_le_bytes());
    out.extend_from_slice(data);
    out.extend_from_slice(&masked_crc(data).to_le_bytes());
    out
}
