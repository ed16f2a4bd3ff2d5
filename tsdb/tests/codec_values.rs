//! Value chunks come back bit for bit, through every codec that takes them, whole and in part.

#![allow(clippy::unwrap_used, reason = "a test stops when something is not as it must be")]

use model::sample::{NORMAL_NAN_BITS, STALE_BITS};
use proptest::prelude::*;
use tsdb::codec::{
    CHUNK_SAMPLES, Codec, Effort, decode_values, decode_values_range, encode_values, encode_values_as, stats,
};

fn bits_of(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn check_encoded(bits: &[u64], encoded: &[u8]) {
    let codec = Codec::of(encoded).unwrap();
    let n = bits.len();
    let mut decoded = vec![f64::MIN];
    decode_values(encoded, n, &mut decoded).unwrap();
    assert_eq!(decoded[0], f64::MIN);
    assert_eq!(bits_of(&decoded[1..]), bits, "{codec:?}");
    for range in [0..0, 0..1, 0..n / 2, n / 3..n / 2, n / 2..n, n - 1..n, n..n, n.min(128)..n.min(129)] {
        let mut part = Vec::new();
        decode_values_range(encoded, n, range.clone(), &mut part).unwrap();
        assert_eq!(bits_of(&part), bits[range.clone()], "{codec:?} {range:?}");
    }
    decode_values_range(encoded, n, 0..n + 1, &mut decoded).unwrap_err();
    assert_eq!(decoded.len(), n + 1);
    check_stats(bits, encoded);
}

/// Where there are statistics, they are those of the values.
fn check_stats(bits: &[u64], encoded: &[u8]) {
    let Some(stats) = stats(encoded, bits.len()) else { return };
    let values: Vec<f64> = bits.iter().map(|&bits| f64::from_bits(bits)).collect();
    assert_eq!(stats.has_stale, bits.contains(&STALE_BITS));
    assert_eq!((stats.first.to_bits(), stats.last.to_bits()), (bits[0], bits[bits.len() - 1]));
    if values.iter().any(|value| value.is_nan()) {
        assert!(stats.min.is_nan() && stats.max.is_nan());
    } else {
        assert_eq!(stats.min, values.iter().copied().fold(f64::INFINITY, f64::min));
        assert_eq!(stats.max, values.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        let rises = values.windows(2).map(|pair| if pair[1] < pair[0] { pair[1] } else { pair[1] - pair[0] });
        if values.iter().all(|value| value.is_finite()) {
            let increase: f64 = rises.sum();
            let tolerance = 1e-9 * (stats.increase.abs() + stats.max.abs() + stats.min.abs());
            assert!((stats.increase - increase).abs() <= tolerance, "{} is not {increase}", stats.increase);
        }
    }
}

/// The number of bytes it took.
fn check(bits: &[u64]) -> usize {
    for codec in Codec::ALL {
        let mut encoded = vec![0xee];
        if encode_values_as(bits, codec, &mut encoded) {
            assert_eq!(Codec::of(&encoded[1..]), Some(codec));
            check_encoded(bits, &encoded[1..]);
        } else {
            assert_eq!(encoded, [0xee], "{codec:?}");
        }
    }
    let n_bytes = [Effort::Fast, Effort::Small].map(|effort| {
        let mut encoded = Vec::new();
        encode_values(bits, effort, &mut encoded);
        check_encoded(bits, &encoded);
        assert!(encoded.len() <= 1 + 8 * bits.len());
        encoded.len()
    });
    n_bytes[0]
}

fn check_floats(values: &[f64]) -> usize {
    check(&bits_of(values))
}

const SPECIAL: [u64; 24] = [
    STALE_BITS,
    NORMAL_NAN_BITS,
    0x7ff8_0000_0000_0000,
    0x7ff0_0000_0000_0001,
    0x7ff0_0000_0000_0003,
    0x7fff_ffff_ffff_ffff,
    0xfff0_0000_0000_0001,
    0xfff8_0000_0000_0000,
    0xffff_ffff_ffff_ffff,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0,
    1 << 63,
    1,
    0x8000_0000_0000_0001,
    0x000f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0xffef_ffff_ffff_ffff,
    0x433f_ffff_ffff_ffff,
    0x4340_0000_0000_0000,
    0x4340_0000_0000_0001,
    0x43e0_0000_0000_0000,
    0xc3e0_0000_0000_0000,
];

#[test]
fn special_values_come_back_alone_and_among_others() {
    check(&SPECIAL);
    for special in SPECIAL {
        for n in [1, 2, 127, 128, 129, 240, CHUNK_SAMPLES] {
            check(&vec![special; n]);
            let mut counter: Vec<u64> = (0..n).map(|i| (1e6 + i as f64 * 17.0).to_bits()).collect();
            counter[n / 2] = special;
            check(&counter);
            let mut gauge: Vec<u64> = (0..n).map(|i| (i as f64 * 0.37 % 1.0).to_bits()).collect();
            gauge[0] = special;
            gauge[n - 1] = special;
            check(&gauge);
        }
    }
}

#[test]
fn neighbours_of_an_outlier_stay_what_they_are() {
    // What VictoriaMetrics made zeros of (its issue 9448).
    let values = [1.0, 2.0, 16.0, 32.0, -1.0, -9.0, -10.0, 100.0, 18_446_744_073_709_551_615.0, 1.0, 2.0, 3.0];
    check_floats(&values);
    check_floats(&[1.5, 2.33, f64::INFINITY, 2.33, 1.5]);
    check_floats(&[2.964393875e-314, 1.0, 2.0]);
}

#[test]
fn a_stale_marker_costs_two_bytes() {
    let mut counter: Vec<u64> = (0..240).map(|i| (1e6 + f64::from(i * i % 97)).to_bits()).collect();
    let plain = check(&counter);
    counter[200] = STALE_BITS;
    assert!(check(&counter) <= plain + 4, "a count, a place of two bytes, and a value that is no longer there");
}

#[test]
fn constants_and_lines_take_few_bytes() {
    for n in [2, 120, 240, CHUNK_SAMPLES] {
        assert_eq!(check_floats(&vec![0.0; n]), 2);
        assert_eq!(check_floats(&vec![0.25; n]), 2);
        assert_eq!(check_floats(&vec![1_764_314_913.25; n]), 7);
        assert_eq!(check_floats(&vec![std::f64::consts::PI; n]), 9);
        assert_eq!(check(&vec![STALE_BITS; n]), 1);
        assert!(check_floats(&(0..n).map(|i| 1e9 + 15.0 * i as f64).collect::<Vec<_>>()) <= 12);
    }
}

#[test]
fn decimals_of_every_exponent_are_integers() {
    for exponent in 0..=15 {
        let power = 10f64.powi(exponent);
        let values: Vec<f64> = (0..240).map(|i| f64::from(i * 7919 % 1000 + 1) / power).collect();
        assert!(check_floats(&values) < 2 * values.len(), "{exponent}");
    }
}

#[test]
fn integers_to_both_ends_come_back() {
    let ends = [i64::MIN, i64::MIN + 1024, -(1 << 53), -1, 0, 1, 1 << 53, i64::MAX - 1023, i64::MAX];
    check_floats(&ends.map(|integer| integer as f64));
    let alternating: Vec<f64> = (0..300).map(|i| if i % 2 == 0 { i64::MIN as f64 } else { i64::MAX as f64 }).collect();
    check_floats(&alternating);
}

#[test]
fn more_exceptions_than_pay_make_floats_of_it() {
    let values: Vec<u64> =
        (0..256).map(|i| if i % 3 == 0 { f64::sqrt(f64::from(i)).to_bits() } else { STALE_BITS }).collect();
    check(&values);
    let mostly_nan: Vec<u64> = (0..256).map(|i| if i % 50 == 0 { 4.5f64.to_bits() } else { NORMAL_NAN_BITS }).collect();
    check(&mostly_nan);
}

#[test]
fn what_is_cut_off_is_an_error() {
    let values: Vec<u64> = (0..240).map(|i| f64::sqrt(f64::from(i)).to_bits()).collect();
    let decimals: Vec<u64> = (0..240).map(|i| (f64::from(i * i % 1009) / 10.0).to_bits()).collect();
    for codec in Codec::ALL {
        for bits in [&values, &decimals] {
            let mut encoded = Vec::new();
            if encode_values_as(bits, codec, &mut encoded) {
                for n_bytes in 0..encoded.len() {
                    let mut out = Vec::new();
                    assert!(decode_values(&encoded[..n_bytes], 240, &mut out).is_err(), "{codec:?} {n_bytes}");
                    assert!(out.is_empty());
                }
            }
        }
    }
}

fn value() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => (0u32..1000).prop_map(|n| f64::from(n).to_bits()),
        4 => (-1_000_000i32..1_000_000, 0i32..16).prop_map(|(n, e)| (f64::from(n) / 10f64.powi(e)).to_bits()),
        2 => any::<i64>().prop_map(|n| (n as f64).to_bits()),
        2 => prop::sample::select(&SPECIAL[..]),
        1 => any::<u64>(),
        1 => any::<f64>().prop_map(f64::to_bits),
    ]
}

/// A series as targets have them: steps of one kind, a unit, resets, and a few values that are anything.
fn series() -> impl Strategy<Value = Vec<u64>> {
    let unit = prop_oneof![Just(1.0f64), Just(4096.0), Just(512.0), Just(0.1), Just(0.001), Just(1e-9), Just(0.3)];
    let step = prop_oneof![
        Just(0..1i64),
        Just(0..2),
        Just(-5..6),
        Just(0..1000),
        Just(990..1010),
        Just(-1_000_000..1_000_000)
    ];
    let n = prop_oneof![1usize..10, 100usize..140, 240usize..241, 1000usize..1025];
    (unit, step, n, any::<u32>(), prop::collection::vec((any::<prop::sample::Index>(), value()), 0..4)).prop_flat_map(
        |(unit, step, n, start, others): (f64, _, _, _, _)| {
            prop::collection::vec(step, n).prop_map(move |steps| {
                let mut total = i64::from(start);
                let mut bits: Vec<u64> = steps
                    .iter()
                    .map(|step| {
                        total += step;
                        let value = total as f64;
                        if unit < 1.0 { value / (1.0 / unit).round() } else { value * unit }.to_bits()
                    })
                    .collect();
                for (place, value) in &others {
                    let place = place.index(bits.len());
                    bits[place] = *value;
                }
                bits
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_values_come_back(bits in prop::collection::vec(value(), 1..300)) {
        check(&bits);
    }

    #[test]
    fn any_bits_come_back(bits in prop::collection::vec(any::<u64>(), 1..150)) {
        check(&bits);
    }

    #[test]
    fn series_come_back(bits in series()) {
        check(&bits);
    }

    #[test]
    fn any_part_is_a_part_of_the_whole(bits in series(), from: prop::sample::Index, to: prop::sample::Index) {
        let (from, to) = (from.index(bits.len() + 1), to.index(bits.len() + 1));
        let range = from.min(to)..from.max(to);
        for codec in Codec::ALL {
            let mut encoded = Vec::new();
            if encode_values_as(&bits, codec, &mut encoded) {
                let mut part = Vec::new();
                decode_values_range(&encoded, bits.len(), range.clone(), &mut part).unwrap();
                prop_assert_eq!(bits_of(&part), &bits[range.clone()]);
            }
        }
    }

    #[test]
    fn any_bytes_decode_to_something_or_an_error(
        codec in 0u8..8, bytes in prop::collection::vec(any::<u8>(), 0..400), n in 1usize..1025,
    ) {
        let mut encoded = bytes;
        if let Some(first) = encoded.first_mut() {
            *first = *first & !7 | codec;
        }
        let mut out = Vec::new();
        match decode_values(&encoded, n, &mut out) {
            Ok(()) => prop_assert_eq!(out.len(), n),
            Err(_) => prop_assert!(out.is_empty()),
        }
        stats(&encoded, n);
    }
}
