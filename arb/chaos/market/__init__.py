"""Chaos of the market: scenarios on a whole stack, and what each of them really cost."""
