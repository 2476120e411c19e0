"""What operators see: receipts, deliveries, health, metrics, backup, doctor."""
