"""What readers search for and what finds nothing, counted without saying who."""
