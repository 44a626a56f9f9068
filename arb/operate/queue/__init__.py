"""`arb chaos queue`: scenarios on real servers and worker processes."""
