"""The readers' API: doors that are open to everybody, and what a reader does who is signed in."""
