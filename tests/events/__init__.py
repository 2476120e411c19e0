"""Letters and deliveries: the outbox and its rules."""
