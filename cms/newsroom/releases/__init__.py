"""Releases: several articles that readers see at one moment, all or none."""
