"""The web page: what a running stack does, live, and its kill switch. Loopback and a password by default."""
