//! The deletions as bytes.

use model::{MatchOp, Matcher};

use super::list::{Deletion, Deletions, Replacement, SealedLog};
use crate::block::BlockId;
use crate::wal::varint::{DecodeError, Input, push_signed, push_unsigned};

/// The operators by their numbers.
const OPS: [MatchOp; 4] = [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex];

impl Deletions {
    /// All of them as bytes.
    pub(super) fn image(&self) -> Vec<u8> {
        let mut out = Vec::new();
        push_unsigned(&mut out, self.next_id);
        push_unsigned(&mut out, self.list.len() as u64);
        self.list.iter().for_each(|deletion| push_deletion(&mut out, deletion));
        push_unsigned(&mut out, self.replacements.len() as u64);
        for Replacement { block, without } in &self.replacements {
            out.extend_from_slice(&block.to_bytes());
            push_unsigned(&mut out, without.len() as u64);
            without.iter().for_each(|&id| push_unsigned(&mut out, id));
        }
        out.push(u8::from(self.sealed_log.is_some()));
        if let Some(SealedLog { until_ms, runs }) = &self.sealed_log {
            push_signed(&mut out, *until_ms);
            push_unsigned(&mut out, runs.len() as u64);
            for (salt, applied_to) in runs {
                out.extend_from_slice(&salt.to_le_bytes());
                push_unsigned(&mut out, applied_to.len() as u64);
                applied_to.iter().for_each(|&sequence| push_unsigned(&mut out, sequence));
            }
        }
        out
    }

    /// Reads them back.
    ///
    /// # Errors
    /// When the bytes are no image.
    pub(super) fn from_image(image: &[u8]) -> Result<Deletions, DecodeError> {
        let mut input = Input::new(image);
        let mut deletions = Deletions { next_id: input.ordinal("a number")?, ..Deletions::default() };
        for _ in 0..input.count("a number of deletions")? {
            deletions.list.push(take_deletion(&mut input)?);
        }
        for _ in 0..input.count("a number of replacements")? {
            let block = take_block(&mut input)?;
            let without = take_numbers(&mut input, "a deletion")?;
            deletions.replacements.push(Replacement { block, without });
        }
        if input.byte("whether the log is known")? == 1 {
            let mut log = SealedLog { until_ms: input.signed("a time")?, runs: Vec::new() };
            for _ in 0..input.count("a number of runs")? {
                let salt = input.bytes(4, "a salt")?;
                let salt = u32::from_le_bytes(salt.try_into().map_err(|_| input.error("a salt"))?);
                log.runs.push((salt, take_numbers(&mut input, "a record")?));
            }
            deletions.sealed_log = Some(log);
        }
        if input.is_empty() { Ok(deletions) } else { Err(input.error("the end")) }
    }
}

fn push_deletion(out: &mut Vec<u8>, deletion: &Deletion) {
    push_unsigned(out, deletion.id);
    [deletion.start_ms, deletion.end_ms, deletion.at_ms].into_iter().for_each(|time_ms| push_signed(out, time_ms));
    push_unsigned(out, deletion.n_series);
    push_unsigned(out, deletion.n_samples);
    out.push(u8::from(deletion.is_final));
    push_unsigned(out, deletion.blocks.len() as u64);
    deletion.blocks.iter().for_each(|block| out.extend_from_slice(&block.to_bytes()));
    push_unsigned(out, deletion.selectors.len() as u64);
    for matchers in &deletion.selectors {
        push_unsigned(out, matchers.len() as u64);
        for matcher in matchers {
            out.push(OPS.iter().position(|&op| op == matcher.op()).unwrap_or_default() as u8);
            push_text(out, matcher.name());
            push_text(out, matcher.value());
        }
    }
}

fn take_deletion(input: &mut Input<'_>) -> Result<Deletion, DecodeError> {
    let mut deletion = Deletion {
        id: input.ordinal("a number")?,
        start_ms: input.signed("a time")?,
        end_ms: input.signed("a time")?,
        at_ms: input.signed("a time")?,
        n_series: input.unsigned("a count")?,
        n_samples: input.unsigned("a count")?,
        is_final: input.byte("whether it is final")? == 1,
        blocks: Vec::new(),
        selectors: Vec::new(),
    };
    for _ in 0..input.count("a number of blocks")? {
        deletion.blocks.push(take_block(input)?);
    }
    for _ in 0..input.count("a number of selectors")? {
        let n_matchers = input.count("a number of matchers")?;
        deletion.selectors.push((0..n_matchers).map(|_| take_matcher(input)).collect::<Result<_, _>>()?);
    }
    Ok(deletion)
}

fn take_matcher(input: &mut Input<'_>) -> Result<Matcher, DecodeError> {
    let op = OPS.get(usize::from(input.byte("an operator")?)).copied().ok_or_else(|| input.error("an operator"))?;
    let (name, value) = (take_text(input)?, take_text(input)?);
    Matcher::new(name, op, value).map_err(|_| input.error("a regular expression"))
}

fn take_block(input: &mut Input<'_>) -> Result<BlockId, DecodeError> {
    let bytes = input.bytes(16, "a block id")?;
    Ok(BlockId::from_bytes(bytes.try_into().map_err(|_| input.error("a block id"))?))
}

fn take_numbers(input: &mut Input<'_>, expected: &'static str) -> Result<Vec<u64>, DecodeError> {
    let n_numbers = input.count("a count")?;
    (0..n_numbers).map(|_| input.ordinal(expected)).collect()
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    push_unsigned(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn take_text(input: &mut Input<'_>) -> Result<String, DecodeError> {
    let n_bytes = input.count("a length")?;
    let bytes = input.bytes(n_bytes, "a text")?;
    String::from_utf8(bytes.to_vec()).map_err(|_| input.error("a text"))
}

#[cfg(test)]
mod tests {
    use model::rng::SeededRng;

    use super::*;

    #[test]
    fn deletions_come_back() {
        let mut rng = SeededRng::new(1);
        let mut block = || BlockId::new(1_700_000_000_000, &mut rng);
        let matcher = |op, value: &str| Matcher::new("job", op, value).unwrap();
        let deletion = Deletion {
            id: 7,
            selectors: vec![
                vec![matcher(MatchOp::Equal, "ä"), matcher(MatchOp::NotRegex, "a|b.*")],
                vec![matcher(MatchOp::NotEqual, ""), matcher(MatchOp::Regex, ".+")],
                Vec::new(),
            ],
            start_ms: i64::MIN,
            end_ms: i64::MAX,
            at_ms: 1_700_000_000_000,
            blocks: vec![block(), block()],
            n_series: 3,
            n_samples: u64::MAX,
            is_final: true,
        };
        let deletions = Deletions {
            list: vec![deletion.clone(), Deletion { is_final: false, ..deletion }],
            next_id: 9,
            sealed_log: Some(SealedLog { until_ms: -5, runs: vec![(u32::MAX, vec![0, 1 << 40]), (3, Vec::new())] }),
            replacements: vec![Replacement { block: block(), without: vec![1, 2] }],
        };
        let image = deletions.image();
        assert_eq!(Deletions::from_image(&image).unwrap(), deletions);
        assert!((0..image.len()).all(|len| Deletions::from_image(&image[..len]).is_err()));
        let none = Deletions::default();
        assert_eq!(Deletions::from_image(&none.image()).unwrap(), none);
    }
}
