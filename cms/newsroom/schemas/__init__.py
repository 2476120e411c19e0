"""Shapes of the newsroom on the wire: one module per family of routes."""
