"""One pure checker for each invariant: histories in, violations out."""
