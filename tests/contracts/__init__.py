"""One text over every implementation of a port."""
