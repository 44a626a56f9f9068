"""Use cases on ports: what the engine does, whatever stores and venues it does it with."""
