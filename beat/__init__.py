"""What happens by the clock: one schedule, and the tasks on it."""
