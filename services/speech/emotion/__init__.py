"""What an emotion is: the vector, the words for it, and the manner of speaking it makes. Plain values and functions."""
