"""Tests of the search index by itself: real folders, real processes, and the oracle is a plain dictionary."""
