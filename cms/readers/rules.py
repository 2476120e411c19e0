"""What may be, for readers: purposes of codes, their numbers, addresses and passwords. Plain Python."""

PURPOSES = ("verify_email", "reset_password")
