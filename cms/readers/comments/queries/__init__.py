"""Reads of comments that never write: for verbs, for readers, for moderators."""
