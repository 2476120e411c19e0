"""Tests of the audit trail: its chain of seals, its head, its retention, and reading it."""
