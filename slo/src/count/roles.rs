//! What series add.

use std::sync::Arc;

use super::source::Role;

/// What a series adds: nearly always one thing.
pub(super) type Roles = Arc<Vec<Role>>;

/// So many that differ are remembered.
const MAX_SHARED: usize = 16;

/// The roles that were seen last: tens of thousands of series have one of a few.
#[derive(Debug, Default)]
pub(super) struct SharedRoles(Vec<Roles>);

impl SharedRoles {
    /// The same roles, once for all that have them.
    pub(super) fn shared(&mut self, roles: Roles) -> Roles {
        if let Some(known) = self.0.iter().find(|known| **known == roles) {
            return Arc::clone(known);
        }
        self.0.truncate(MAX_SHARED - 1);
        self.0.insert(0, Arc::clone(&roles));
        roles
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::events::Events;
    use crate::spec::Reading;

    #[test]
    fn those_that_are_the_same_are_one() {
        let roles = |bad: usize| {
            let weight = Events { bad: bad as f64, total: 1.0 };
            Arc::new(vec![Role::Counter { reading: Reading::Value, weight }])
        };
        let mut shared = SharedRoles::default();
        let first = shared.shared(roles(0));
        for number in 1..MAX_SHARED {
            assert_eq!(shared.shared(roles(number)), roles(number));
        }
        assert!(Arc::ptr_eq(&first, &shared.shared(roles(0))));
        // The oldest makes room.
        shared.shared(roles(MAX_SHARED));
        assert!(!Arc::ptr_eq(&first, &shared.shared(roles(0))) && shared.0.len() == MAX_SHARED);
    }
}
