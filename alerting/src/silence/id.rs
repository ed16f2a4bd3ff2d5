//! Names of silences.

use model::Rng;

/// A new random UUID (version 4, RFC 9562), as text.
pub fn new_id(rng: &mut dyn Rng) -> String {
    let bits = (u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64());
    // The version stands in the four bits from 48 on, the variant in the two from 64 on.
    let bits = bits & !(0xf << 76) | (4 << 76);
    let bits = bits & !(0b11 << 62) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use model::rng::SeededRng;

    use super::*;

    #[test]
    fn ids_say_what_they_are() {
        let mut rng = SeededRng::new(7);
        let (first, second) = (new_id(&mut rng), new_id(&mut rng));
        assert_ne!(first, second);
        for id in [first, second] {
            assert_eq!((id.len(), &id[14..15]), (36, "4"), "{id}");
            assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
        }
    }
}
