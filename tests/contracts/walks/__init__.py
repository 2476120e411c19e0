"""What the walk over every route asks: one module per subject."""
