"""Renditions that are made when somebody asks for them by a signed address, and then kept."""
