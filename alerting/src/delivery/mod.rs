//! Sending: a queue for each integration of a receiver, with attempts, limits and ends.
