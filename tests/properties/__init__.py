"""What holds for any sequence of acts and faults."""
