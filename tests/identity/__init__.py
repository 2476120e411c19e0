"""Tests of identity: permissions, tokens, colleagues and their sessions."""
