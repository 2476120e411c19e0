"""Text as a subject of its own: rendering, slugs, terms, reading time. Plain functions of plain values."""
