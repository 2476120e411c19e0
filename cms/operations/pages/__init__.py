"""Static parts of the documentation page."""
