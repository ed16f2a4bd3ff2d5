//! From pixels to a palette of 256 colours: a chart has few, and what else there is are the edges of lines.

use std::collections::HashMap;

/// The greatest number of colours of a palette.
const MAX_COLORS: usize = 256;

type Rgb = [u8; 3];

/// Pixels by the number of their colour.
#[derive(Debug)]
pub(crate) struct Indexed {
    pub(crate) colors: Vec<Rgb>,
    pub(crate) pixels: Vec<u8>,
}

/// Keeps the colours that most pixels have; a pixel of another one gets the nearest of them.
pub(crate) fn indexed(pixels: &[Rgb]) -> Indexed {
    let mut counts = HashMap::<Rgb, usize>::new();
    for &pixel in pixels {
        *counts.entry(pixel).or_default() += 1;
    }
    let mut by_count: Vec<(Rgb, usize)> = counts.into_iter().collect();
    by_count.sort_by(|(one, n_one), (other, n_other)| n_other.cmp(n_one).then(one.cmp(other)));
    let colors: Vec<Rgb> = by_count.iter().take(MAX_COLORS).map(|&(color, _)| color).collect();
    let nearest = |color: Rgb| {
        let numbered = colors.iter().enumerate();
        let nearest = numbered.min_by_key(|&(_, &other)| distance(color, other));
        nearest.map_or(0, |(number, _)| number as u8)
    };
    let numbers: HashMap<Rgb, u8> = by_count.iter().map(|&(color, _)| (color, nearest(color))).collect();
    Indexed { pixels: pixels.iter().map(|pixel| numbers[pixel]).collect(), colors }
}

fn distance(one: Rgb, other: Rgb) -> u32 {
    one.into_iter().zip(other).map(|(one, other)| u32::from(one.abs_diff(other)).pow(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_colors_stay_as_they_are() {
        let mut pixels: Vec<Rgb> = (0..=255).flat_map(|red| [[red, 0, 0], [red, 0, 0]]).collect();
        pixels.push([7, 1, 0]);
        let indexed = indexed(&pixels);
        assert_eq!(indexed.colors.len(), 256);
        let back: Vec<Rgb> = indexed.pixels.iter().map(|&number| indexed.colors[usize::from(number)]).collect();
        assert_eq!(back[..512], pixels[..512]);
        assert_eq!(back[512], [7, 0, 0]);
    }
}
