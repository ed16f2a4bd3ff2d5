//! The slots of a shard: which are free, and how many series each has had.

/// The generation of a slot that has had as many series as there are numbers for; nobody gets it any more.
const LAST_GENERATION: u32 = (1 << 24) - 1;

/// Which slots of a shard are free, and how many series have had each before.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    /// By slot, as far as any has ever been freed.
    generations: Vec<u32>,
    /// The one to be taken next is the last.
    free: Vec<u32>,
}

impl Slots {
    /// How many series had a slot before the present one or, where it is free, before the next.
    #[inline]
    pub(crate) fn generation(&self, slot: usize) -> u32 {
        self.generations.get(slot).copied().unwrap_or(0)
    }

    /// The slot that the next series gets, if one is free.
    pub(crate) fn first_free(&self) -> Option<usize> {
        self.free.last().map(|&slot| slot as usize)
    }

    /// Takes that slot.
    pub(crate) fn take_free(&mut self) -> Option<usize> {
        self.free.pop().map(|slot| slot as usize)
    }

    /// Frees a slot.
    pub(crate) fn free(&mut self, slot: usize) {
        let next = self.generation(slot) + 1;
        self.set_generation(slot, next);
        if next < LAST_GENERATION {
            self.free.push(slot as u32);
        }
    }

    /// Says how many series have had a slot; see [`Slots::generation`].
    pub(crate) fn set_generation(&mut self, slot: usize, generation: u32) {
        if self.generations.len() <= slot {
            self.generations.resize(slot + 1, 0);
        }
        self.generations[slot] = generation;
    }

    /// Says which slots are free.
    pub(crate) fn set_free(&mut self, slots: impl DoubleEndedIterator<Item = usize>) {
        let generations = &self.generations;
        let is_left = |slot: &usize| generations.get(*slot).is_none_or(|&generation| generation < LAST_GENERATION);
        self.free = slots.rev().filter(is_left).map(|slot| slot as u32).collect();
    }

    /// The slots that have had series before, each with how many.
    pub(crate) fn used_again(&self) -> impl Iterator<Item = (usize, u32)> {
        self.generations.iter().copied().enumerate().filter(|(_, generation)| *generation > 0)
    }

    /// Bytes of memory held.
    pub(crate) fn n_bytes(&self) -> usize {
        (self.generations.capacity() + self.free.capacity()) * size_of::<u32>()
    }
}
