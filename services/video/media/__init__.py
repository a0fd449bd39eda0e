"""Looking into media files of strangers: always in a guarded worker."""
