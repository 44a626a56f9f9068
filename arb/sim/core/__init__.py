"""What the simulated exchanges share: market, matching, accounts, journal, faults and server."""
