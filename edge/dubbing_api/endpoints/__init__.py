"""The endpoints of the dubbing dialect, one module for each group of the document."""
