"""How a process knows whose access token it is: keys and revocations of the auth service."""
