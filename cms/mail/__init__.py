"""Outgoing messages and their state, templates per locale."""
