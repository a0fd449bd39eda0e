"""Videos and voices as files: read picture by picture, kept, written."""
