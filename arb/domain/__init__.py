"""Values and decisions: standard library only; no clock, randomness or I/O."""
