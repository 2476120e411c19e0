"""The working side: articles, revisions, lifecycle."""
