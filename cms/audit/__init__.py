"""Who did what, written in the transaction of the act."""
