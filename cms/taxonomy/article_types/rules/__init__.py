"""What a type may say and what its fields may hold. Plain Python: no database."""
