"""Stories that a real Chromium drives through the reader's page, against the running product and a real mailbox."""
