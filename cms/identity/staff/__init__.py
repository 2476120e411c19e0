"""Colleagues: their accounts, what they were given, invitations, sessions and passwords."""
