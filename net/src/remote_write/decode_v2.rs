//! Version 2, `io.prometheus.write.v2.Request`: every text of a request stands once in a table of symbols, and all else
//! names its place there.
//!
//! The table may stand anywhere in the message, so it is collected first, without copying a text. A symbol is turned
//! into a key once a request, and a series' key is made of the keys of its symbols: requests have tables of their own, so
//! that the places themselves say nothing.

use super::keys::{LabelsKey, LabelsKeys};
use super::labels::{self, LabelsFault};
use super::visit::{DecodeLimits, Exemplar, HistogramSample, Metadata, RequestVisitor, Sample, TimeSeries};
use super::wire::{DecodeError, Fields, Value};

/// Walks through an `io.prometheus.write.v2.Request`.
///
/// # Errors
/// As for [`super::decode`].
pub fn decode_v2(message: &[u8], limits: &DecodeLimits, visitor: &mut impl RequestVisitor) -> Result<(), DecodeError> {
    let symbols = Symbols::collect(message, limits, visitor.keys())?;
    let mut fields = Fields::new(message);
    let mut series = SymbolSeries::default();
    let (mut n_samples, mut n_series) = (0, 0);
    while let Some((number, value)) = fields.next()? {
        match number {
            4 => {
                value.bytes("Symbols")?;
            }
            5 => {
                limits.count_series(&mut n_series)?;
                series.read(value.bytes("Timeseries")?, &symbols, limits, &mut n_samples)?;
                series.resolve(&symbols, limits, visitor);
                visitor.time_series(&series.series);
                if let Some(metadata) = series.metadata(&symbols) {
                    visitor.metadata(metadata);
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The texts of a request, and the key of each where the visitor has keys.
#[derive(Debug)]
struct Symbols<'a> {
    texts: Vec<&'a [u8]>,
    keys: Vec<LabelsKey>,
}

impl<'a> Symbols<'a> {
    fn collect(message: &'a [u8], limits: &DecodeLimits, keys: Option<&LabelsKeys>) -> Result<Self, DecodeError> {
        let mut fields = Fields::new(message);
        let mut texts = Vec::new();
        // What is wrong with the message is found in its place by the walk through its series.
        while let Ok(Some((number, value))) = fields.next() {
            if let (4, Value::Bytes(text)) = (number, value) {
                if texts.len() >= limits.max_symbols {
                    return Err(DecodeError::TooManySymbols { limit: limits.max_symbols });
                }
                texts.push(text);
            }
        }
        let keys = keys.map(|keys| texts.iter().map(|text| keys.of(text)).collect()).unwrap_or_default();
        Ok(Symbols { texts, keys })
    }

    fn text(&self, at: u32) -> Option<&'a [u8]> {
        self.texts.get(at as usize).copied()
    }

    /// A name and a value.
    fn pair(&self, name: u32, value: u32) -> Result<(&'a [u8], &'a [u8]), LabelsFault> {
        let n_symbols = self.texts.len();
        let outside = || LabelsFault::OutsideSymbols { name, value, n_symbols };
        self.text(name).zip(self.text(value)).ok_or_else(outside)
    }
}

/// A series, as it is being read.
#[derive(Debug, Default)]
struct SymbolSeries<'a> {
    series: TimeSeries<'a>,
    /// The keys of its symbols, one behind the other.
    symbol_keys: Vec<u8>,
    metadata: SymbolMetadata,
    has_metadata: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct SymbolMetadata {
    kind: u64,
    help: u32,
    unit: u32,
}

impl<'a> SymbolSeries<'a> {
    fn read(
        &mut self,
        message: &'a [u8],
        symbols: &Symbols<'a>,
        limits: &DecodeLimits,
        n_samples: &mut usize,
    ) -> Result<(), DecodeError> {
        self.series.clear();
        self.metadata = SymbolMetadata::default();
        self.has_metadata = false;
        let mut fields = Fields::new(message);
        while let Some((number, value)) = fields.next()? {
            limits.count_sample((2..=4).contains(&number), n_samples)?;
            match number {
                1 => value.varints("LabelsRefs", |at| self.series.labels_refs.push(at as u32))?,
                2 => self.series.samples.push(Sample::read_with_start(value.bytes("Samples")?)?),
                3 => self.series.histograms.push(HistogramSample::read_with_start(value.bytes("Histograms")?)?),
                4 => self.series.exemplars.push(exemplar(value.bytes("Exemplars")?, symbols)?),
                5 => {
                    self.metadata.read(value.bytes("Metadata")?)?;
                    self.has_metadata = true;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Finds the labels, unless the visitor knows them, and what is wrong with the series.
    fn resolve(&mut self, symbols: &Symbols<'a>, limits: &DecodeLimits, visitor: &mut impl RequestVisitor) {
        let key = visitor.keys().and_then(|keys| self.key(symbols, keys));
        let is_known = key.is_some_and(|key| visitor.knows(key));
        self.series.fault = if is_known { None } else { self.read_labels(symbols, limits).err() };
        if !matches!(self.series.fault, Some(LabelsFault::OddRefs { .. } | LabelsFault::OutsideSymbols { .. })) {
            self.series.fault = self.metadata.fault(symbols).or(self.series.fault.take());
        }
    }

    /// The key of the labels, if they are in the table.
    fn key(&mut self, symbols: &Symbols<'_>, keys: &LabelsKeys) -> Option<LabelsKey> {
        self.symbol_keys.clear();
        for at in &self.series.labels_refs {
            self.symbol_keys.extend_from_slice(&symbols.keys.get(*at as usize)?.to_le_bytes());
        }
        Some(keys.of(&self.symbol_keys))
    }

    fn read_labels(&mut self, symbols: &Symbols<'a>, limits: &DecodeLimits) -> Result<(), LabelsFault> {
        let n_refs = self.series.labels_refs.len();
        if !n_refs.is_multiple_of(2) {
            return Err(LabelsFault::OddRefs { n_refs });
        }
        for at in (0..n_refs).step_by(2) {
            let (name, value) = symbols.pair(self.series.labels_refs[at], self.series.labels_refs[at + 1])?;
            self.series.add_label(name, value, at / 2 + 1, limits);
        }
        let order = labels::normalise(&mut self.series.labels);
        self.series.fault.take().map_or(order, Err)
    }

    fn metadata(&self, symbols: &Symbols<'a>) -> Option<Metadata<'a>> {
        let text = |at| symbols.text(at).and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default();
        let family = self.series.labels.iter().find(|(name, _)| *name == model::labels::METRIC_NAME)?.1;
        let SymbolMetadata { kind, help, unit } = self.metadata;
        (self.has_metadata && self.series.fault.is_none()).then(|| Metadata {
            family,
            kind: Metadata::kind(kind),
            help: text(help),
            unit: text(unit),
        })
    }
}

impl SymbolMetadata {
    fn read(&mut self, message: &[u8]) -> Result<(), DecodeError> {
        let mut fields = Fields::new(message);
        while let Some((number, value)) = fields.next()? {
            match number {
                1 => self.kind = value.varint("Type")?,
                3 => self.help = value.varint("HelpRef")? as u32,
                4 => self.unit = value.varint("UnitRef")? as u32,
                _ => {}
            }
        }
        Ok(())
    }

    fn fault(self, symbols: &Symbols<'_>) -> Option<LabelsFault> {
        let n_symbols = symbols.texts.len();
        // A request without any symbol has no empty one either; nobody can name its texts.
        let mut named = [("unit_ref", self.unit), ("help_ref", self.help)].into_iter();
        let (field, at) = named.find(|(_, at)| *at as usize >= n_symbols)?;
        Some(LabelsFault::MetadataOutsideSymbols { field, at, n_symbols })
    }
}

fn exemplar<'a>(message: &'a [u8], symbols: &Symbols<'a>) -> Result<Exemplar<'a>, DecodeError> {
    let mut fields = Fields::new(message);
    let mut exemplar = Exemplar { labels: Vec::new(), timestamp_ms: 0, value: 0.0, fault: None };
    let mut refs = Vec::new();
    while let Some((number, value)) = fields.next()? {
        match number {
            1 => value.varints("LabelsRefs", |at| refs.push(at as u32))?,
            2 => exemplar.value = value.double("Value")?,
            3 => exemplar.timestamp_ms = value.varint("Timestamp")? as i64,
            _ => {}
        }
    }
    let (pairs, rest) = refs.as_chunks::<2>();
    exemplar.fault = (!rest.is_empty()).then_some(LabelsFault::OddRefs { n_refs: refs.len() });
    for &[name, value] in pairs {
        match symbols.pair(name, value) {
            Ok((name, value)) => {
                let text = |bytes| std::str::from_utf8(bytes).ok();
                exemplar.labels.extend(text(name).zip(text(value)));
            }
            Err(fault) => exemplar.fault = exemplar.fault.or(Some(fault)),
        }
    }
    Ok(exemplar)
}
