"""From a voice to how a mouth moves."""
