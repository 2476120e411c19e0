"""The hands: relay, what is due, the Celery application, the handlers."""
