//! Memory for open chunks: blocks of words, chained, so that a series takes what it needs and growing copies nothing.
//!
//! The bits of a chain that do not fill a word yet stay in the chain itself, that is, in the series: a sample of one bit
//! touches no block at all for 63 times out of 64. The first block of a chain is a short one, in which most series that stand still
//! find room for all they say.

use crate::chunk::bits::{BitSink, PADDING};

/// Words of a chain's first block that hold bits: with the number of the next block, half a line of cache.
const FIRST_WORDS: usize = 3;
/// Words of the others: a line of cache.
const MORE_WORDS: usize = 7;
/// Bits in a word.
const WORD_BITS: u32 = u64::BITS;
/// Blocks are allocated this many at a time (128 and 256 KiB), so that growing moves none.
const PAGE_BLOCKS: usize = 4096;

/// The number of a block among those of its length.
pub(crate) type BlockId = u32;
/// No block.
pub(crate) const NO_BLOCK: BlockId = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Block<const WORDS: usize> {
    words: [u64; WORDS],
    next: BlockId,
}

/// Blocks of one length.
#[derive(Debug, Default)]
struct Blocks<const WORDS: usize> {
    pages: Vec<Box<[Block<WORDS>]>>,
    /// The first of the blocks that are free, chained.
    free: Option<BlockId>,
    /// Blocks that were never used begin here.
    n_used: usize,
}

/// All blocks of a shard.
#[derive(Debug, Default)]
pub(crate) struct Slab {
    first: Blocks<FIRST_WORDS>,
    more: Blocks<MORE_WORDS>,
}

/// Bits that are being written: whole words in blocks, the rest here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    /// The bits that do not fill a word yet, from the top.
    pub(super) pending: u64,
    first: BlockId,
    /// The last of the others; [`NO_BLOCK`] while there is only the first.
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
        self.each_word(chain, |word| out.extend_from_slice(&word.to_be_bytes()));
        let n_bytes = usize::from(chain.n_pending).div_ceil(8);
        out.extend_from_slice(&chain.pending.to_be_bytes()[..n_bytes]);
        out.extend_from_slice(&[0; PADDING]);
    }

    /// Appends the whole words of a chain to `out`, eight bytes each, the lowest first.
    pub(crate) fn push_words(&self, chain: &Chain, out: &mut Vec<u8>) {
        self.each_word(chain, |word| out.extend_from_slice(&word.to_le_bytes()));
    }

    fn each_word(&self, chain: &Chain, mut take: impl FnMut(u64)) {
        if chain.first == NO_BLOCK {
            return;
        }
        let mut take_all = |words: &[u64]| words.iter().for_each(|word| take(*word));
        let (first, n_last) = (self.first.block(chain.first), usize::from(chain.n_words));
        if chain.last == NO_BLOCK {
            return take_all(&first.words[..n_last]);
        }
        take_all(&first.words);
        let mut id = first.next;
        while id != chain.last {
            let block = self.more.block(id);
            take_all(&block.words);
            id = block.next;
        }
        take_all(&self.more.block(id).words[..n_last]);
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
            let more = self.first.block(chain.first).next;
            self.first.release(chain.first, chain.first);
            if chain.last != NO_BLOCK {
                self.more.release(more, chain.last);
            }
        }
        *chain = Chain::EMPTY;
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.first.n_bytes() + self.more.n_bytes()
    }

    fn append_word(&mut self, chain: &mut Chain, word: u64) {
        let at = usize::from(chain.n_words);
        if chain.last != NO_BLOCK {
            if at < MORE_WORDS {
                self.more.block_mut(chain.last).words[at] = word;
                chain.n_words += 1;
                return;
            }
            let block = self.more.allocate(word);
            self.more.block_mut(chain.last).next = block;
            chain.last = block;
        } else if chain.first == NO_BLOCK {
            chain.first = self.first.allocate(word);
        } else if at < FIRST_WORDS {
            self.first.block_mut(chain.first).words[at] = word;
            chain.n_words += 1;
            return;
        } else {
            chain.last = self.more.allocate(word);
            self.first.block_mut(chain.first).next = chain.last;
        }
        chain.n_words = 1;
    }
}

impl<const WORDS: usize> Blocks<WORDS> {
    const EMPTY: Block<WORDS> = Block { words: [0; WORDS], next: NO_BLOCK };

    /// A block with its first word.
    fn allocate(&mut self, word: u64) -> BlockId {
        let id = match self.free {
            Some(id) => {
                let next = self.block(id).next;
                self.free = (next != NO_BLOCK).then_some(next);
                id
            }
            None => {
                if self.n_used == self.pages.len() * PAGE_BLOCKS {
                    self.pages.push(vec![Self::EMPTY; PAGE_BLOCKS].into_boxed_slice());
                }
                self.n_used += 1;
                (self.n_used - 1) as BlockId
            }
        };
        let block = self.block_mut(id);
        *block = Self::EMPTY;
        block.words[0] = word;
        id
    }

    /// Keeps blocks for others, of which each is chained to the next.
    fn release(&mut self, first: BlockId, last: BlockId) {
        let free = self.free.replace(first);
        self.block_mut(last).next = free.unwrap_or(NO_BLOCK);
    }

    fn n_bytes(&self) -> usize {
        self.pages.len() * PAGE_BLOCKS * size_of::<Block<WORDS>>()
    }

    fn block(&self, id: BlockId) -> &Block<WORDS> {
        &self.pages[id as usize / PAGE_BLOCKS][id as usize % PAGE_BLOCKS]
    }

    fn block_mut(&mut self, id: BlockId) -> &mut Block<WORDS> {
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
        // Short ones, and one that needs all kinds of blocks.
        for n_pushes in [1, 5, 7, 100] {
            let mut chain = Chain::EMPTY;
            (0..n_pushes).for_each(|_| slab.writer(&mut chain).push(u64::from(u32::MAX), 32));
            let n_used = |slab: &Slab| (slab.first.n_used, slab.more.n_used);
            let before = n_used(&slab);
            slab.release(&mut chain);
            let mut again = Chain::EMPTY;
            (0..n_pushes).for_each(|_| slab.writer(&mut again).push(0, 32));
            assert_eq!(n_used(&slab), before);
            let mut bytes = Vec::new();
            slab.copy(&again, &mut bytes);
            assert!(bytes.len() == n_pushes * 4 + PADDING && bytes.iter().all(|&byte| byte == 0));
            slab.release(&mut again);
        }
    }

    #[test]
    fn blocks_are_lines_of_cache_and_half_ones() {
        assert_eq!((size_of::<Block<FIRST_WORDS>>(), size_of::<Block<MORE_WORDS>>()), (32, 64));
    }
}
