"""Chaos of feeds: whether a decision was ever made on quotes of a worker that no longer owned the coin."""
