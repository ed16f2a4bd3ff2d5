//! The protobuf wire format, written: the other direction of `wire`.

/// Appends a number in groups of seven bits, the lowest first.
pub(crate) fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Appends a field that is a number; one that is zero is left out, as proto3 has it.
pub(crate) fn push_number(out: &mut Vec<u8>, field: u8, number: u64) {
    if number != 0 {
        push_varint(out, u64::from(field) << 3);
        push_varint(out, number);
    }
}

/// Appends a field that is a signed number, folded so that small ones of either sign are short.
pub(crate) fn push_folded(out: &mut Vec<u8>, field: u8, number: i64) {
    push_number(out, field, fold(number));
}

/// Appends a field that is a float, unless all of its bits are zero.
pub(crate) fn push_double(out: &mut Vec<u8>, field: u8, value: f64) {
    if value.to_bits() != 0 {
        push_varint(out, u64::from(field) << 3 | 1);
        out.extend_from_slice(&value.to_le_bytes());
    }
}

/// Appends a field that is text, bytes or a message, also an empty one.
pub(crate) fn push_bytes(out: &mut Vec<u8>, field: u8, bytes: &[u8]) {
    push_varint(out, u64::from(field) << 3 | 2);
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Appends a field that is a message. `scratch` is the memory that it is made in.
pub(crate) fn push_message(out: &mut Vec<u8>, field: u8, scratch: &mut Vec<u8>, message: impl FnOnce(&mut Vec<u8>)) {
    scratch.clear();
    message(scratch);
    push_bytes(out, field, scratch);
}

/// Appends a repeated field of numbers, packed; none where there are none.
pub(crate) fn push_packed(out: &mut Vec<u8>, field: u8, numbers: impl Iterator<Item = u64>) {
    let mut packed = Vec::new();
    numbers.for_each(|number| push_varint(&mut packed, number));
    if !packed.is_empty() {
        push_bytes(out, field, &packed);
    }
}

/// The same for floats.
pub(crate) fn push_packed_doubles(out: &mut Vec<u8>, field: u8, values: &[f64]) {
    if !values.is_empty() {
        push_varint(out, u64::from(field) << 3 | 2);
        push_varint(out, values.len() as u64 * 8);
        values.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
    }
}

/// A signed number so that small ones of either sign are small.
pub(crate) fn fold(number: i64) -> u64 {
    (number << 1 ^ number >> 63) as u64
}
