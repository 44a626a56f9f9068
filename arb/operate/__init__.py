"""Running a stack from the outside: prepare it, begin a session, watch it, end it, judge it."""
