"""Whether state survives: scenarios on real servers, each with a judgement of its own."""
