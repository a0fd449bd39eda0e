"""Quality and speed of speaking and hearing; see each module for its method."""
