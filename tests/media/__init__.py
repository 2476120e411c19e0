"""Pictures and other files: what is taken, what is refused, what is kept."""
