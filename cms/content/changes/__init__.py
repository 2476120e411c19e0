"""What changed in what readers see: a feed for apps that keep a copy, and what readers saw at an instant."""
