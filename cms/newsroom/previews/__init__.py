"""Previews: signed links that end, by which people without an account see one working copy as readers would get it."""
