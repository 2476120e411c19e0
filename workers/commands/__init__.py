"""Commands of the hands, each with no more than it needs: a process lives long, and holds what it imports."""
