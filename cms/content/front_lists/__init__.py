"""What readers see of front lists: arranged by editors, timed, filled up with the newest."""
