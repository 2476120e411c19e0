"""Sections, tags, people and sources."""
