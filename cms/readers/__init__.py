"""The audience: accounts and verification codes."""
