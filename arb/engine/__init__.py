"""Use cases on ports: what the engine does, told without saying with what."""
