"""Who is at work on an article: an advisory lease with a holder, a heartbeat and an end."""
