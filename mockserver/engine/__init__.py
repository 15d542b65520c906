"""State and the behaviours that act on it: one account's store, clock and journal, and the generic resources."""
