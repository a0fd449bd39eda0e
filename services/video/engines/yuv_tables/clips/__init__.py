"""Video files as planes, and planes as a video file."""
