"""The bookshelf: a search index that stands alone. It takes paths and documents, never settings or sessions."""
