"""The HTTP surface of operations: receipts, deliveries, audit trail, health, metrics, documentation."""
