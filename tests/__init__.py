"""Tests: one folder per wing, then stories. Real parts everywhere; no mock of our own code."""
