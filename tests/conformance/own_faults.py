"""Calls that a client gets wrong by itself, whatever the venue answers, each with the link to its bug."""

OWN_FAULTS: dict[str, dict[str, str]] = {}
