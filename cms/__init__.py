"""The Flask application: decides and remembers. It drops letters in the outbox and never imports the workers."""
