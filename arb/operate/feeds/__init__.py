"""Feed workers that die, freeze and come back on a stack that trades; and a replay of what is decided."""
