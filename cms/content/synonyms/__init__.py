"""Words that mean the same to a search, as editors say."""
