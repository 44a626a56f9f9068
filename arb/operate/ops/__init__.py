"""Operations broken for real, one thing at a time: how long until somebody is told."""
