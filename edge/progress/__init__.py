"""Tasks that clients follow while they are done."""
