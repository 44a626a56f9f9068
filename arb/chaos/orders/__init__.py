"""Order faults and deaths on purpose, from a seed; and what came of them."""
