"""Launching: the command that starts everything, and what it starts."""
