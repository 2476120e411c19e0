"""Fixtures of the mail's tests: a desk where readers ask for letters."""

from tests.readers.conftest import desk

__all__ = ["desk"]
