"""The `voxreel` command: runs a whole installation on one machine and looks after it."""
