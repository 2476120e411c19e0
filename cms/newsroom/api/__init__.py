"""The newsroom over HTTP: one module per family of routes."""
