//! From alerts to notifications: groups, their timers, what is told again and what is not; and the record of all that.
