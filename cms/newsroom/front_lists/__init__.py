"""Front lists: named, ordered lists of articles that editors pin, order and time."""
