"""Related lists as editors arrange them: what is pinned, in which order, and what is banned."""
