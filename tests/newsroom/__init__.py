"""Articles as editors have them."""
