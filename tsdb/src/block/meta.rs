//! What is known of a block as a whole.

use super::BlockId;
use crate::codec::Effort;
use crate::wal::varint::{DecodeError, Input, push_signed, push_unsigned};

/// A place in the log: a run of the process, and a record of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// The salt of the run.
    pub salt: u32,
    /// The record, counted from the beginning of the run.
    pub sequence: u64,
}

/// What a block is to be.
#[derive(Clone, Debug)]
pub struct BlockSpec {
    /// 0 for what was sealed from the head, one more for each compaction.
    pub level: u8,
    /// How much work may be done for fewer bytes.
    pub effort: Effort,
    /// Everything before this time stood in blocks when this one was written.
    pub sealed_to_ms: Option<i64>,
    /// What the log holds of that time before this place stands in blocks too; what comes after it is late.
    pub sealed_log: Option<LogPlace>,
    /// The blocks that it replaces.
    pub sources: Vec<BlockId>,
    /// The distance of samples, where they were summed up; 0 for samples as they came.
    pub resolution_ms: i64,
}

impl Default for BlockSpec {
    fn default() -> BlockSpec {
        BlockSpec {
            level: 0,
            effort: Effort::Fast,
            sealed_to_ms: None,
            sealed_log: None,
            sources: Vec::new(),
            resolution_ms: 0,
        }
    }
}

/// What is known of a block as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockMeta {
    /// Its name.
    pub id: BlockId,
    /// The time of its first sample, in milliseconds since the Unix epoch.
    pub min_ms: i64,
    /// The time of its last sample.
    pub max_ms: i64,
    /// How many series it holds.
    pub n_series: u64,
    /// How many samples.
    pub n_samples: u64,
    /// How many chunks of values.
    pub n_chunks: u64,
    /// How long the file is.
    pub n_bytes: u64,
    /// 0 for what was sealed from the head, one more for each compaction.
    pub level: u8,
    /// Everything before this time stood in blocks when this one was written.
    pub sealed_to_ms: Option<i64>,
    /// What the log holds of that time before this place stands in blocks too; what comes after it is late.
    pub sealed_log: Option<LogPlace>,
    /// The blocks that it replaces.
    pub sources: Vec<BlockId>,
    /// The distance of samples, where they were summed up; 0 for samples as they came.
    pub resolution_ms: i64,
    /// How many bytes each part of the file takes, by its name, checksums included.
    pub parts: Vec<(&'static str, u64)>,
}

impl BlockMeta {
    /// The section. What can be seen from the file itself is not in it.
    pub(crate) fn write(&self, n_symbols: usize, n_column_bytes: u64) -> Vec<u8> {
        let mut section = self.id.to_bytes().to_vec();
        push_signed(&mut section, self.min_ms);
        push_signed(&mut section, self.max_ms);
        for count in [self.n_series, self.n_samples, self.n_chunks, n_symbols as u64, n_column_bytes] {
            push_unsigned(&mut section, count);
        }
        section.push(self.level);
        section.push(u8::from(self.sealed_to_ms.is_some()));
        push_signed(&mut section, self.sealed_to_ms.unwrap_or(0));
        section.push(u8::from(self.sealed_log.is_some()));
        let log = self.sealed_log.unwrap_or(LogPlace { salt: 0, sequence: 0 });
        push_unsigned(&mut section, u64::from(log.salt));
        push_unsigned(&mut section, log.sequence);
        push_signed(&mut section, self.resolution_ms);
        push_unsigned(&mut section, self.sources.len() as u64);
        self.sources.iter().for_each(|source| section.extend_from_slice(&source.to_bytes()));
        section
    }

    /// Reads the section: without the length of the file and its parts, but with the count of strings and the bytes of
    /// timestamp columns.
    pub(crate) fn read(section: &[u8]) -> Result<(BlockMeta, usize, u64), DecodeError> {
        let mut input = Input::new(section);
        let own = id(&mut input)?;
        let (min_ms, max_ms) = (input.signed("a time")?, input.signed("a time")?);
        let mut counts = [0; 5];
        for count in &mut counts {
            *count = input.unsigned("a count")?;
        }
        let [n_series, n_samples, n_chunks, n_symbols, n_column_bytes] = counts;
        let level = input.byte("a level")?;
        let is_sealed = input.byte("whether it seals")? != 0;
        let sealed_to_ms = Some(input.signed("a time")?).filter(|_| is_sealed);
        let has_log = input.byte("whether it knows the log")? != 0;
        let salt = u32::try_from(input.unsigned("a salt")?).map_err(|_| input.error("a salt"))?;
        let sealed_log = Some(LogPlace { salt, sequence: input.unsigned("a record")? }).filter(|_| has_log);
        let resolution_ms = input.signed("a resolution")?;
        let n_sources = input.count("a count of sources")?;
        let sources = (0..n_sources).map(|_| id(&mut input)).collect::<Result<_, _>>()?;
        if n_series > u64::from(u32::MAX) || n_symbols > u64::from(u32::MAX) || min_ms > max_ms {
            return Err(input.error("possible counts and times"));
        }
        let meta = BlockMeta {
            id: own,
            min_ms,
            max_ms,
            n_series,
            n_samples,
            n_chunks,
            n_bytes: 0,
            level,
            sealed_to_ms,
            sealed_log,
            sources,
            resolution_ms,
            parts: Vec::new(),
        };
        Ok((meta, n_symbols as usize, n_column_bytes))
    }
}

fn id(input: &mut Input<'_>) -> Result<BlockId, DecodeError> {
    let bytes = input.bytes(16, "a block id")?;
    Ok(BlockId::from_bytes(bytes.try_into().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use model::rng::SeededRng;

    use super::*;

    #[test]
    fn what_is_known_comes_back() {
        let mut rng = SeededRng::new(1);
        let meta = BlockMeta {
            id: BlockId::new(1_700_000_000_000, &mut rng),
            min_ms: -5,
            max_ms: 1_700_000_000_000,
            n_series: 64_600,
            n_samples: 15_504_000,
            n_chunks: 64_601,
            n_bytes: 0,
            level: 2,
            sealed_to_ms: Some(0),
            sealed_log: Some(LogPlace { salt: u32::MAX, sequence: 1 << 40 }),
            sources: (0..3).map(|ms| BlockId::new(ms, &mut rng)).collect(),
            resolution_ms: 300_000,
            parts: Vec::new(),
        };
        let section = meta.write(700, 1234);
        assert_eq!(BlockMeta::read(&section).unwrap(), (meta.clone(), 700, 1234));
        assert!((0..section.len()).all(|len| BlockMeta::read(&section[..len]).is_err()));
        let raw = BlockMeta { sealed_to_ms: None, ..meta };
        assert_eq!(BlockMeta::read(&raw.write(0, 0)).unwrap(), (raw, 0, 0));
    }
}
