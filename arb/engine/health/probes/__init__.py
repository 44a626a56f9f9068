"""What the watchdog measures, one file for each kind of source. A probe that cannot measure raises."""
