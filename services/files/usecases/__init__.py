"""What the service does with files, one module for each noun."""
