//! Memory for open chunks: blocks of 64 bytes, chained, so that a series takes what it needs and growing copies nothing.

use crate::chunk::bits::{BitSink, PADDING};

/// Bytes of a block that hold bits; four more name the next block.
const PAYLOAD: usize = 60;
/// Bits in a block.
const PAYLOAD_BITS: u32 = PAYLOAD as u32 * 8;
/// Blocks are allocated this many at a time (256 KiB), so that growing moves none.
const PAGE_BLOCKS: usize = 4096;

/// The number of a block.
pub(crate) type BlockId = u32;
/// No block.
pub(crate) const NO_BLOCK: BlockId = u32::MAX;

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Block {
    bytes: [u8; PAYLOAD],
    next: BlockId,
}

const EMPTY: Block = Block { bytes: [0; PAYLOAD], next: NO_BLOCK };

/// All blocks of a shard.
#[derive(Debug, Default)]
pub(crate) struct Slab {
    pages: Vec<Box<[Block]>>,
    /// The first of the blocks that are free, chained.
    free: Option<BlockId>,
    /// Blocks that were never used begin here.
    n_used: usize,
}

/// A chain of blocks that is being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) first: BlockId,
    pub(crate) last: BlockId,
    /// Bits written into the last block.
    pub(crate) n_bits: u16,
}

impl Chain {
    /// No chain.
    pub(crate) const NONE: Chain = Chain { first: NO_BLOCK, last: NO_BLOCK, n_bits: 0 };
}

impl Slab {
    /// A chain of one empty block.
    pub(crate) fn new_chain(&mut self) -> Chain {
        let first = self.allocate();
        Chain { first, last: first, n_bits: 0 }
    }

    /// A place to push bits, at the end of a chain.
    pub(crate) fn writer<'a>(&'a mut self, chain: &'a mut Chain) -> ChainWriter<'a> {
        ChainWriter { slab: self, chain }
    }

    /// Appends the bytes of a chain to `out`, the last one padded with zero bits, and then the padding that a
    /// [`crate::chunk::bits::BitReader`] needs.
    pub(crate) fn copy(&self, chain: &Chain, out: &mut Vec<u8>) {
        let mut block = chain.first;
        while block != chain.last {
            let Block { bytes, next } = self.block(block);
            out.extend_from_slice(bytes);
            block = *next;
        }
        let n_bytes = usize::from(chain.n_bits).div_ceil(8);
        out.extend_from_slice(&self.block(block).bytes[..n_bytes]);
        out.extend_from_slice(&[0; PADDING]);
    }

    /// Gives the blocks of a chain back.
    pub(crate) fn release(&mut self, chain: &Chain) {
        let free = self.free.replace(chain.first);
        self.block_mut(chain.last).next = free.unwrap_or(NO_BLOCK);
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        self.pages.len() * PAGE_BLOCKS * size_of::<Block>()
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
    fn push(&mut self, bits: u64, n_bits: u32) {
        let at = u32::from(self.chain.n_bits);
        let room = PAYLOAD_BITS - at;
        if n_bits <= room {
            self.put(bits, n_bits);
            return;
        }
        if room > 0 {
            self.put(bits >> (n_bits - room), room);
        }
        let next = self.slab.allocate();
        self.slab.block_mut(self.chain.last).next = next;
        self.chain.last = next;
        self.chain.n_bits = 0;
        let rest = n_bits - room;
        self.put(bits & ((1 << rest) - 1), rest);
    }
}

impl ChainWriter<'_> {
    /// Writes bits that fit into the last block.
    fn put(&mut self, bits: u64, n_bits: u32) {
        let at = u32::from(self.chain.n_bits);
        self.chain.n_bits += n_bits as u16;
        let bytes = &mut self.slab.block_mut(self.chain.last).bytes;
        // Eight bytes at once, from the byte in which the bits begin, or as late as eight still fit.
        let from = (at as usize / 8).min(PAYLOAD - 8);
        let offset = at - from as u32 * 8;
        if let Some(eight) = bytes[from..].first_chunk_mut::<8>()
            && offset + n_bits <= 64
        {
            let word = u64::from_be_bytes(*eight) | bits << (64 - offset - n_bits);
            *eight = word.to_be_bytes();
            return;
        }
        // More than 57 bits never come, so this is a push across nine bytes: do it in two.
        let high = n_bits / 2;
        self.chain.n_bits -= n_bits as u16;
        self.put(bits >> (n_bits - high), high);
        self.put(bits & ((1 << (n_bits - high)) - 1), n_bits - high);
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
            let mut chains: Vec<_> = (0..3).map(|_| slab.new_chain()).collect();
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
        let mut chain = slab.new_chain();
        for _ in 0..100 {
            slab.writer(&mut chain).push(u64::from(u32::MAX), 32);
        }
        let n_used = slab.n_used;
        slab.release(&chain);
        let mut again = slab.new_chain();
        for _ in 0..100 {
            slab.writer(&mut again).push(0, 32);
        }
        assert_eq!(slab.n_used, n_used);
        let mut bytes = Vec::new();
        slab.copy(&again, &mut bytes);
        assert!(bytes.iter().all(|&byte| byte == 0));
    }
}
