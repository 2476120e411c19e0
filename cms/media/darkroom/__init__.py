"""Where pictures are opened: a program of its own with limits, and how it is asked."""
