"""The published side: documents, lists, search, related articles. Nothing here knows a draft."""
