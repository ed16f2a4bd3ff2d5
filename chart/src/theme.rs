//! Colours: the tokens of the page, the report and the mail.

use plotters::style::RGBColor;

/// On what it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// On white.
    Light,
    /// On nearly black.
    Dark,
}

/// The colours of a theme.
#[derive(Clone, Debug)]
pub(crate) struct Colors {
    pub(crate) surface: RGBColor,
    pub(crate) line: RGBColor,
    pub(crate) text: RGBColor,
    pub(crate) muted: RGBColor,
    pub(crate) critical: RGBColor,
    pub(crate) series: [RGBColor; 8],
}

const fn hex(number: u32) -> RGBColor {
    let [_, red, green, blue] = number.to_be_bytes();
    RGBColor(red, green, blue)
}

const LIGHT: Colors = Colors {
    surface: hex(0xff_ffff),
    line: hex(0xde_dad3),
    text: hex(0x1d_1b18),
    muted: hex(0x5f_5a52),
    critical: hex(0xc2_310c),
    series: [
        hex(0x0a_63a8),
        hex(0xe5_6a12),
        hex(0x1f_9479),
        hex(0x96_266c),
        hex(0x6b_5f00),
        hex(0x45_9be0),
        hex(0x4b_3fc9),
        hex(0x3d_2416),
    ],
};

const DARK: Colors = Colors {
    surface: hex(0x1c_1b19),
    line: hex(0x34_312d),
    text: hex(0xec_e8e1),
    muted: hex(0xa8_a196),
    critical: hex(0xff_7b57),
    series: [
        hex(0x6c_b6f2),
        hex(0xf0_803c),
        hex(0x8f_e3c0),
        hex(0xd6_5fa0),
        hex(0xff_d84d),
        hex(0x3f_6fd8),
        hex(0xa8_8cff),
        hex(0xb0_895f),
    ],
};

impl Theme {
    pub(crate) fn colors(self) -> &'static Colors {
        match self {
            Theme::Light => &LIGHT,
            Theme::Dark => &DARK,
        }
    }
}

/// A colour on a ground, as if it were so opaque: what is drawn stays solid, and compresses well.
pub(crate) fn over(color: RGBColor, ground: RGBColor, opacity: f64) -> RGBColor {
    let mix = |over: u8, under: u8| (f64::from(over) * opacity + f64::from(under) * (1.0 - opacity)).round() as u8;
    RGBColor(mix(color.0, ground.0), mix(color.1, ground.1), mix(color.2, ground.2))
}

/// How a line of several that are alike is drawn: a colour, and which of the three kinds (0 whole, 1 dashed, 2 dotted).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pen {
    pub(crate) color: usize,
    pub(crate) kind: usize,
}

/// A pen for each name: its hash says where to look for one that is free, so that a series keeps its own when others come
/// or go.
pub(crate) fn pens<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Pen> {
    let mut taken = Vec::<Pen>::new();
    for name in names {
        // From the ninth on the colours come again, dashed, then dotted.
        let kind = taken.len() / 8 % 3;
        let first = (hash(name) % 8) as usize;
        let pen = |number: usize| Pen { color: (first + number) % 8, kind };
        let free = (0..8).map(pen).find(|pen| !taken.contains(pen));
        taken.push(free.unwrap_or(pen(0)));
    }
    taken
}

/// FNV-1a.
fn hash(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lines_look_alike_and_each_keeps_its_look() {
        let names: Vec<String> = (0..24).map(|number| format!("pod-{number}")).collect();
        let all = pens(names.iter().map(String::as_str));
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), 24);
        assert_eq!(pens(["pod-0"].into_iter())[0], pens(["pod-0", "pod-1"].into_iter())[0]);
    }
}
