"""What readers keep: bookmarks, the folders they are in, and what changed of them since a device looked last."""
