//! When would a rule have fired?
