"""How each route is asked, so that nothing but the credential can be wrong: one module per subject."""
