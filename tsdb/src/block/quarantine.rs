//! What has been found damaged, and is left out.

use std::collections::BTreeMap;

use parking_lot::Mutex;

/// Damage that is named one by one; more is only counted.
const N_NAMED: usize = 100;

/// Damage found so far.
#[derive(Debug, Default)]
pub(crate) struct Quarantine(Mutex<Found>);

#[derive(Debug, Default)]
struct Found {
    /// By the byte of the file.
    named: BTreeMap<u64, String>,
    n_more: u64,
}

impl Quarantine {
    /// Notes damage at a byte of the file, once.
    pub(crate) fn note(&self, offset: u64, name: impl FnOnce() -> String) {
        {
            let mut found = self.0.lock();
            if found.named.contains_key(&offset) {
                return;
            }
            if found.named.len() >= N_NAMED {
                found.n_more += 1;
                return;
            }
        }
        // Without the lock: to find the name may meet damage itself.
        let name = name();
        self.0.lock().named.insert(offset, name);
    }

    /// All that was noted, in the order of the file.
    pub(crate) fn names(&self) -> Vec<String> {
        let found = self.0.lock();
        let mut names: Vec<String> = found.named.values().cloned().collect();
        if found.n_more > 0 {
            names.push(format!("more damage, met {} times", found.n_more));
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_is_named_once_and_not_without_end() {
        let quarantine = Quarantine::default();
        assert_eq!(quarantine.names(), Vec::<String>::new());
        for offset in [7, 3, 7] {
            quarantine.note(offset, || format!("byte {offset}"));
        }
        assert_eq!(quarantine.names(), ["byte 3", "byte 7"]);
        (0..1000).for_each(|offset| quarantine.note(offset, || format!("byte {offset}")));
        assert_eq!(quarantine.names().len(), N_NAMED + 1);
    }
}
