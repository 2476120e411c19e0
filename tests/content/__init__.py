"""The published side: documents, lists, search, related articles, the content API."""
