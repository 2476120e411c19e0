"""Where assets are used."""
