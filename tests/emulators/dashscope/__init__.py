"""DashScope as its clients see it: the wire protocol, and what can go wrong with it."""
