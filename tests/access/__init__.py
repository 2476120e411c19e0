"""Who may do what: the table of access, and tests of grants, tokens, roles and explanations."""
