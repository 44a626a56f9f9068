"""Chaos of orders: faults and kills from a seed, and a verdict by the venues' own record."""
