"""Assets: pictures and other files, what is known of each, where it is kept."""
