"""What the workers do: plain functions that read the present state, act, and close the delivery with their effect."""
