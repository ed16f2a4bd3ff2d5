//! The protobuf wire format: fields one after the other, each a number, a type and a value.
//!
//! <https://protobuf.dev/programming-guides/encoding/>. Groups, which proto3 does not have, are an error; so nothing
//! here recurses.

/// Why bytes are not the message they should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A field goes beyond the end of its message.
    #[error("unexpected EOF")]
    Truncated,
    /// A number of more than 64 bits.
    #[error("proto: integer overflow")]
    Varint,
    /// A field number that cannot be.
    #[error("proto: illegal tag {0} (wire type {1})")]
    Tag(u64, u8),
    /// A type that is none, or a group.
    #[error("proto: illegal wireType {0}")]
    WireType(u8),
    /// A field of another type than the message says.
    #[error("proto: wrong wireType = {found} for field {field}")]
    WrongType {
        /// The field.
        field: &'static str,
        /// The type it came with.
        found: u8,
    },
    /// More samples in one request than are taken.
    #[error("too many samples in one request: limit is {limit} (remote_write_max_samples_per_request)")]
    TooManySamples {
        /// The limit.
        limit: usize,
    },
    /// More symbols in one request than are taken.
    #[error("too many symbols in one request: limit is {limit} (remote_write_max_symbols_per_request)")]
    TooManySymbols {
        /// The limit.
        limit: usize,
    },
    /// More time series in one request than are taken.
    #[error("too many time series in one request: limit is {limit} (remote_write_max_series_per_request)")]
    TooManySeries {
        /// The limit.
        limit: usize,
    },
}

const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const BYTES: u8 = 2;
const FIXED32: u8 = 5;

/// The value of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    /// Of no field that is read here.
    Fixed32,
}

/// What is left of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(message: &'a [u8]) -> Fields<'a> {
        Fields { rest: message }
    }

    /// The next field's number and value.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<(u32, Value<'a>)>, DecodeError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = take_varint(&mut self.rest)?;
        let wire_type = (tag & 7) as u8;
        let number = u32::try_from(tag >> 3).ok().filter(|&number| number != 0 && number < 1 << 29);
        let number = number.ok_or(DecodeError::Tag(tag >> 3, wire_type))?;
        let value = match wire_type {
            VARINT => Value::Varint(take_varint(&mut self.rest)?),
            FIXED64 => Value::Fixed64(u64::from_le_bytes(take(&mut self.rest)?)),
            BYTES => {
                let length = take_varint(&mut self.rest)?;
                let length = usize::try_from(length).map_err(|_| DecodeError::Truncated)?;
                let (bytes, rest) = self.rest.split_at_checked(length).ok_or(DecodeError::Truncated)?;
                self.rest = rest;
                Value::Bytes(bytes)
            }
            FIXED32 => {
                let _: [u8; 4] = take(&mut self.rest)?;
                Value::Fixed32
            }
            other => return Err(DecodeError::WireType(other)),
        };
        Ok(Some((number, value)))
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], DecodeError> {
    let (bytes, after) = rest.split_first_chunk::<N>().ok_or(DecodeError::Truncated)?;
    *rest = after;
    Ok(*bytes)
}

/// A number in groups of seven bits, the lowest first.
#[inline]
pub(crate) fn take_varint(rest: &mut &[u8]) -> Result<u64, DecodeError> {
    // Field tags, and most lengths, are one byte.
    if let Some((&first, after)) = rest.split_first()
        && first < 0x80
    {
        *rest = after;
        return Ok(u64::from(first));
    }
    take_long_varint(rest)
}

fn take_long_varint(rest: &mut &[u8]) -> Result<u64, DecodeError> {
    let mut value = 0;
    for (i, &byte) in rest.iter().take(10).enumerate() {
        // The tenth byte has room for one bit.
        if i == 9 && byte > 1 {
            return Err(DecodeError::Varint);
        }
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            *rest = &rest[i + 1..];
            return Ok(value);
        }
    }
    Err(if rest.len() < 10 { DecodeError::Truncated } else { DecodeError::Varint })
}

impl<'a> Value<'a> {
    fn wire_type(self) -> u8 {
        match self {
            Value::Varint(_) => VARINT,
            Value::Fixed64(_) => FIXED64,
            Value::Bytes(_) => BYTES,
            Value::Fixed32 => FIXED32,
        }
    }

    fn wrong(self, field: &'static str) -> DecodeError {
        DecodeError::WrongType { field, found: self.wire_type() }
    }

    pub(crate) fn bytes(self, field: &'static str) -> Result<&'a [u8], DecodeError> {
        if let Value::Bytes(bytes) = self { Ok(bytes) } else { Err(self.wrong(field)) }
    }

    pub(crate) fn varint(self, field: &'static str) -> Result<u64, DecodeError> {
        if let Value::Varint(number) = self { Ok(number) } else { Err(self.wrong(field)) }
    }

    pub(crate) fn double(self, field: &'static str) -> Result<f64, DecodeError> {
        if let Value::Fixed64(bits) = self { Ok(f64::from_bits(bits)) } else { Err(self.wrong(field)) }
    }

    /// Adds the numbers of a repeated field, which may come one by one or packed.
    pub(crate) fn varints(self, field: &'static str, mut each: impl FnMut(u64)) -> Result<(), DecodeError> {
        match self {
            Value::Varint(number) => each(number),
            Value::Bytes(mut packed) => {
                while !packed.is_empty() {
                    each(take_varint(&mut packed)?);
                }
            }
            other => return Err(other.wrong(field)),
        }
        Ok(())
    }

    /// As [`Value::varints`], for floats.
    pub(crate) fn doubles(self, field: &'static str, out: &mut Vec<f64>) -> Result<(), DecodeError> {
        match self {
            Value::Fixed64(bits) => out.push(f64::from_bits(bits)),
            Value::Bytes(mut packed) => {
                while !packed.is_empty() {
                    out.push(f64::from_bits(u64::from_le_bytes(take(&mut packed)?)));
                }
            }
            other => return Err(other.wrong(field)),
        }
        Ok(())
    }
}

/// A signed number that was folded so that small ones of either sign are short.
pub(crate) fn unfold(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}
