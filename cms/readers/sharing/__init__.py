"""Sharing an article: its address with what a campaign is told by, a short link to it, and how often both were used."""
