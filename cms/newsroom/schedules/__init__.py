"""Schedules: an article is published, shared under embargo and taken away at an instant, by itself."""
