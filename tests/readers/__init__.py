"""Tests of the audience: addresses, codes, passwords, and the routes that readers use."""
