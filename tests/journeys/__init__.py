"""Journeys: stories over HTTP."""
