"""What engines of recognition have in common, whatever model hears."""
