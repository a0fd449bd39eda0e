"""Password hashing and token signing, behind the ports of the use cases."""
