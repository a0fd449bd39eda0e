"""The services, one package each; they know each other by their contracts only."""
