//! Relabelling: rules that rewrite, keep or drop label sets before and after a scrape.
