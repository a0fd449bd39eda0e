"""The endpoints of the platform dialect, one module for each group of the document."""
