"""Article types: what the newsroom's own `fields` of an article hold, declared as JSON Schema files."""
