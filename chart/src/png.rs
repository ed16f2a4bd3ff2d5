//! A chart as PNG, for mails and chats.

use std::sync::Arc;

use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Group, Node, Options, Tree};

use crate::chart::Chart;
use crate::draw::{DrawError, svg};
use crate::fonts;
use crate::palette::indexed;
use crate::theme::Theme;

/// The most pixels for one of the chart's in either direction.
const MAX_SCALE: u32 = 4;

/// A chart of which no picture can be made.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// It cannot be drawn.
    #[error(transparent)]
    Draw(#[from] DrawError),
    /// resvg does not take what was drawn.
    #[error("cannot read the drawn chart: {0}")]
    Read(String),
    /// There is no memory for so many pixels.
    #[error("cannot make a picture of {width} × {height} pixels")]
    Size {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// It cannot be written down.
    #[error("cannot encode the picture: {0}")]
    Encode(#[from] png::EncodingError),
}

/// Draws a chart and makes pixels of it: `scale` times 600 × 200, on a solid ground, in at most 256 colours.
///
/// A name of a series with characters for which no font is found becomes the number of the series; the title loses what
/// cannot be shown. So nothing is drawn as empty boxes.
///
/// # Errors
/// Where it cannot be drawn or written down.
pub fn png(chart: &Chart, theme: Theme, scale: u32) -> Result<Vec<u8>, PngError> {
    png_with(chart, theme, scale, fonts::all())
}

pub(crate) fn png_with(chart: &Chart, theme: Theme, scale: u32, fonts: Arc<Database>) -> Result<Vec<u8>, PngError> {
    let mut tree = read(&svg(chart, theme)?, fonts.clone())?;
    let missing = missing_characters(&tree);
    if !missing.is_empty() {
        tree = read(&svg(&without(chart, &missing), theme)?, fonts)?;
    }
    let scale = scale.clamp(1, MAX_SCALE);
    let [width, height] = [tree.size().width(), tree.size().height()].map(|side| side as u32 * scale);
    let mut pixmap = Pixmap::new(width, height).ok_or(PngError::Size { width, height })?;
    resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut pixmap.as_mut());
    encode(&pixmap)
}

fn read(svg: &str, fonts: Arc<Database>) -> Result<Tree, PngError> {
    let options = Options { fontdb: fonts, font_family: fonts::FAMILY.to_owned(), ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| PngError::Read(error.to_string()))
}

/// The characters that no font has.
fn missing_characters(tree: &Tree) -> Vec<char> {
    let mut missing = Vec::new();
    let mut groups: Vec<&Group> = vec![tree.root()];
    while let Some(group) = groups.pop() {
        for node in group.children() {
            match node {
                Node::Group(inner) => groups.push(inner),
                Node::Text(text) => {
                    let glyphs = text.layouted().iter().flat_map(|span| &span.positioned_glyphs);
                    missing.extend(glyphs.filter(|glyph| glyph.id.0 == 0).flat_map(|glyph| glyph.text.chars()));
                }
                Node::Path(_) | Node::Image(_) => {}
            }
        }
    }
    missing
}

/// A chart without characters that cannot be shown.
fn without(chart: &Chart, missing: &[char]) -> Chart {
    let strip = |text: &str| text.chars().filter(|c| !missing.contains(c)).collect::<String>().trim().to_owned();
    let mut chart = chart.clone();
    for (number, series) in chart.series.iter_mut().enumerate() {
        if series.name.contains(missing) {
            let name = format!("#{} {}", number + 1, strip(&series.name));
            name.trim_end().clone_into(&mut series.name);
        }
    }
    for text in [&mut chart.title, &mut chart.nothing] {
        *text = strip(text);
    }
    let spans = chart.spans.iter_mut().map(|span| &mut span.label);
    for label in spans.chain(chart.marks.iter_mut().map(|mark| &mut mark.label)) {
        *label = strip(label);
    }
    if let Some(threshold) = &mut chart.threshold {
        threshold.label = strip(&threshold.label);
    }
    chart
}

fn encode(pixmap: &Pixmap) -> Result<Vec<u8>, PngError> {
    // The ground is solid: no pixel lets anything through.
    let pixels: Vec<[u8; 3]> = pixmap.pixels().iter().map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    let indexed = indexed(&pixels);
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, pixmap.width(), pixmap.height());
    encoder.set_color(ColorType::Indexed);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_palette(indexed.colors.concat());
    encoder.set_filter(Filter::NoFilter);
    encoder.set_deflate_compression(DeflateCompression::Level(9));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indexed.pixels)?;
    writer.finish()?;
    Ok(out)
}
