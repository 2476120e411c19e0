"""Tests of letters to people: what stands in them, and what becomes of them."""
