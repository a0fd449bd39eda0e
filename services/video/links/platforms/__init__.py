"""One module for each platform: which links are its own, what is asked, and what the replies say."""
