//! Memory for open chunks: blocks of 64 bytes, chained, so that a series takes what it needs and growing copies nothing.
//!
//! The bits of a chain that do not fill a word yet stay in the chain itself, that is, in the series: a sample of one bit
//! touches no block at all for 63 times out of 64.

use crate::chunk::bits::{BitSink, PADDING};

/// Words of a block that hold bits.
const BLOCK_WORDS: usize = 7;
/// Bits in a word.
const WORD_BITS: u32 = u64::BITS;
/// Blocks are allocated this many at a time (256 KiB), so that growing moves none.
const PAGE_BLOCKS: usize = 4096;

/// The number of a block.
pub(crate) type BlockId = u32;
/// No block.
pub(crate) const NO_BLOCK: BlockId = u32::MAX;

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Block {
    words: [u64; BLOCK_WORDS],
    next: BlockId,
}

const EMPTY: Block = Block { words: [0; BLOCK_WORDS], next: NO_BLOCK };

/// All blocks of a shard.
#[derive(Debug, Default)]
pub(crate) struct Slab {
    pages: Vec<Box<[Block]>>,
    /// The first of the blocks that are free, chained.
    free: Option<BlockId>,
    /// Blocks that were never used begin here.
    n_used: usize,
}

/// Bits that are being written: whole words in blocks, the rest here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The bits that do not fill a word yet, from the top.
    pub(super) pending: u64,
    first: BlockId,
    last: BlockId,
    /// How many bits are pending, 0 to 63.
    pub(super) n_pending: u8,
    /// Words in the last block.
    n_words: u8,
}

impl Chain {
    /// No bits.
    pub(crate) const EMPTY: Chain = Chain { pending: 0, first: NO_BLOCK, last: NO_BLOCK, n_pending: 0, n_words: 0 };
}

impl Slab {
    /// A place to push bits, at the end of a chain.
    pub(crate) fn writer<'a>(&'a mut self, chain: &'a mut Chain) -> ChainWriter<'a> {
        ChainWriter { slab: self, chain }
    }

    /// Appends the bytes of a chain to `out`, and then the padding that a [`crate::chunk::bits::BitReader`] needs.
    pub(crate) fn copy(&self, chain: &Chain, out: &mut Vec<u8>) {
        let mut block = chain.first;
        while block != NO_BLOCK {
            let Block { words, next } = self.block(block);
            let n_words = if block == chain.last { usize::from(chain.n_words) } else { BLOCK_WORDS };
            words[..n_words].iter().for_each(|word| out.extend_from_slice(&word.to_be_bytes()));
            block = *next;
        }
        let n_bytes = usize::from(chain.n_pending).div_ceil(8);
        out.extend_from_slice(&chain.pending.to_be_bytes()[..n_bytes]);
        out.extend_from_slice(&[0; PADDING]);
    }

    /// Appends the whole words of a chain to `out`, eight bytes each, the lowest first.
    pub(crate) fn push_words(&self, chain: &Chain, out: &mut Vec<u8>) {
        let mut block = chain.first;
        while block != NO_BLOCK {
            let Block { words, next } = self.block(block);
            let n_words = if block == chain.last { usize::from(chain.n_words) } else { BLOCK_WORDS };
            words[..n_words].iter().for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
            block = *next;
        }
    }

    /// A chain of words that were written by [`Slab::push_words`], and the bits that do not fill one.
    pub(crate) fn chain_of(&mut self, words: &[u8], pending: u64, n_pending: u8) -> Chain {
        let mut chain = Chain { pending, n_pending, ..Chain::EMPTY };
        for word in words.as_chunks().0 {
            self.append_word(&mut chain, u64::from_le_bytes(*word));
        }
        chain
    }

    /// Empties a chain and keeps its blocks for others.
    pub(crate) fn release(&mut self, chain: &mut Chain) {
        if chain.first != NO_BLOCK {
            let free = self.free.replace(chain.first);
            self.block_mut(chain.last).next = free.unwrap_or(NO_BLOCK);
        }
        *chain = Chain::EMPTY;
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.pages.len() * PAGE_BLOCKS * size_of::<Block>()
    }

    fn append_word(&mut self, chain: &mut Chain, word: u64) {
        if chain.first == NO_BLOCK || usize::from(chain.n_words) == BLOCK_WORDS {
            let block = self.allocate();
            if chain.first == NO_BLOCK {
                chain.first = block;
            } else {
                self.block_mut(chain.last).next = block;
            }
            chain.last = block;
            chain.n_words = 0;
        }
        self.block_mut(chain.last).words[usize::from(chain.n_words)] = word;
        chain.n_words += 1;
    }

    fn allocate(&mut self) -> BlockId {
        if let Some(id) = self.free {
            let block = self.block_mut(id);
            let next = block.next;
            *block = EMPTY;
            self.free = (next != NO_BLOCK).then_some(next);
            return id;
        }
        if self.n_used == self.pages.len() * PAGE_BLOCKS {
            self.pages.push(vec![EMPTY; PAGE_BLOCKS].into_boxed_slice());
        }
        self.n_used += 1;
        (self.n_used - 1) as BlockId
    }

    fn block(&self, id: BlockId) -> &Block {
        &self.pages[id as usize / PAGE_BLOCKS][id as usize % PAGE_BLOCKS]
    }

    fn block_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.pages[id as usize / PAGE_BLOCKS][id as usize % PAGE_BLOCKS]
    }
}

/// Pushes bits to the end of a chain.
#[derive(Debug)]
pub(crate) struct ChainWriter<'a> {
    slab: &'a mut Slab,
    chain: &'a mut Chain,
}

impl BitSink for ChainWriter<'_> {
    #[inline]
    fn push(&mut self, bits: u64, n_bits: u32) {
        let chain = &mut *self.chain;
        let room = WORD_BITS - u32::from(chain.n_pending);
        if n_bits < room {
            chain.pending |= bits << (room - n_bits);
            chain.n_pending += n_bits as u8;
            return;
        }
        let n_rest = n_bits - room;
        let word = chain.pending | bits >> n_rest;
        chain.pending = if n_rest == 0 { 0 } else { bits << (WORD_BITS - n_rest) };
        chain.n_pending = n_rest as u8;
        self.slab.append_word(chain, word);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::chunk::bits::BitReader;
    use super::*;

    proptest! {
        #[test]
        fn chains_keep_their_bits_apart(
            pushes in prop::collection::vec((0usize..3, 1u32..=57, any::<u64>()), 0..600)
        ) {
            let mut slab = Slab::default();
            let mut chains = [Chain::EMPTY; 3];
            for &(chain, n_bits, bits) in &pushes {
                slab.writer(&mut chains[chain]).push(bits & ((1 << n_bits) - 1), n_bits);
            }
            for (i, chain) in chains.iter().enumerate() {
                let mut bytes = Vec::new();
                slab.copy(chain, &mut bytes);
                let mut reader = BitReader::new(&bytes);
                for &(_, n_bits, bits) in pushes.iter().filter(|push| push.0 == i) {
                    prop_assert_eq!(reader.take(n_bits), bits & ((1 << n_bits) - 1));
                }
            }
        }
    }

    #[test]
    fn released_blocks_are_used_again_and_empty() {
        let mut slab = Slab::default();
        let mut chain = Chain::EMPTY;
        for _ in 0..100 {
            slab.writer(&mut chain).push(u64::from(u32::MAX), 32);
        }
        let n_used = slab.n_used;
        slab.release(&mut chain);
        let mut again = Chain::EMPTY;
        for _ in 0..100 {
            slab.writer(&mut again).push(0, 32);
        }
        assert_eq!(slab.n_used, n_used);
        let mut bytes = Vec::new();
        slab.copy(&again, &mut bytes);
        assert!(bytes.iter().all(|&byte| byte == 0));
    }
}
