"""The local mailbox: catches outgoing mail on a developer's machine and shows it. Nothing leaves the machine."""
