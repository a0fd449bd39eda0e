"""Engines of video and the tables of them."""
