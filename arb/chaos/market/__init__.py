"""A market that breaks: scenarios on the real stack, and what they really cost."""
