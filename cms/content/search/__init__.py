"""Search as readers use it: results with facets and marks, and what goes on with what was begun to type."""
