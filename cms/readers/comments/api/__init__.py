"""Comments over HTTP: for readers who are signed in, for everybody, for moderators."""
