"""Redirects: where readers find what was elsewhere before, or what an editor sends them to."""
