"""The hands: they hear events and act, each handler a plain function over the current state."""
