"""What makes two published articles related, and what editors decided of it."""
