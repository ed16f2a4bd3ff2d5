//! Rule files, groups, and the state of what they say.
