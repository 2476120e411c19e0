"""Sections, tags, people, sources: the words that both sides use."""
