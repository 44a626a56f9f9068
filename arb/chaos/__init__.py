"""Faults, and the proof that they did no harm."""
