"""What can happen, who hears of it, and the letters that wait until somebody has acted."""
