"""Rewriting without a model: words, clauses and lengths by rules, on any machine, the same for the same request."""
