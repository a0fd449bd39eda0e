"""All processes of one installation on one machine: what they are, how they start, stay up and end."""
