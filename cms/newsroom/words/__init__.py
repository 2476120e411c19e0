"""Deleting and merging sections, tags, people and sources: it takes knowing which articles use them."""
