"""What the chaos of the queue is made of: effects that must happen once, and transports that refuse."""
