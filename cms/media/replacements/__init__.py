"""Another file in the place of an asset's: what names the asset stays, and what it had before is remembered."""
