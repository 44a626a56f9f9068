"""What a person sees: the live view, reports, lists. Reads only, and copes with anything being away."""
