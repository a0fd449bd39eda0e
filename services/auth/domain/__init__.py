"""Rules about accounts, passwords, users and sessions. Pure."""
