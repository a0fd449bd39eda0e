"""How schemathesis is to treat the platform."""
