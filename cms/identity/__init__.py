"""Who may come in: API tokens now; staff, roles and sessions with them."""
