//! Operators between numbers, with Go's ideas of NaN.

use crate::syntax::BinaryOp;

/// An arithmetic operator; a comparison answers 0 or 1.
#[inline]
pub(crate) fn float_op(op: BinaryOp, left: f64, right: f64) -> f64 {
    match op {
        BinaryOp::Add => left + right,
        BinaryOp::Sub => left - right,
        BinaryOp::Mul => left * right,
        BinaryOp::Div => left / right,
        BinaryOp::Mod => left % right,
        BinaryOp::Pow => left.powf(right),
        BinaryOp::Atan2 => left.atan2(right),
        op => f64::from(u8::from(compare(op, left, right))),
    }
}

/// Whether a comparison holds.
#[inline]
pub(crate) fn compare(op: BinaryOp, left: f64, right: f64) -> bool {
    match op {
        BinaryOp::Equal => left == right,
        BinaryOp::NotEqual => left != right,
        BinaryOp::Less => left < right,
        BinaryOp::LessEqual => left <= right,
        BinaryOp::Greater => left > right,
        BinaryOp::GreaterEqual => left >= right,
        _ => false,
    }
}

/// The greater of two numbers; infinity beats NaN, and NaN all else.
pub(crate) fn go_max(one: f64, other: f64) -> f64 {
    if one == f64::INFINITY || other == f64::INFINITY {
        f64::INFINITY
    } else if one.is_nan() || other.is_nan() {
        f64::NAN
    } else if one == 0.0 && other == 0.0 {
        if one.is_sign_negative() { other } else { one }
    } else if one > other {
        one
    } else {
        other
    }
}

/// The lesser of two numbers; minus infinity beats NaN, and NaN all else.
pub(crate) fn go_min(one: f64, other: f64) -> f64 {
    -go_max(-one, -other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinity_beats_nan_and_nan_all_else() {
        assert_eq!(go_max(f64::NAN, f64::INFINITY), f64::INFINITY);
        assert_eq!(go_min(f64::NEG_INFINITY, f64::NAN), f64::NEG_INFINITY);
        assert!(go_max(1.0, f64::NAN).is_nan() && go_min(f64::NAN, f64::INFINITY).is_nan());
        assert_eq!((go_max(1.0, 2.0), go_min(1.0, 2.0)), (2.0, 1.0));
        assert_eq!((go_max(-0.0, 0.0).to_bits(), go_min(0.0, -0.0).to_bits()), (0, (-0.0f64).to_bits()));
    }
}
