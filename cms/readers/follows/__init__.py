"""What readers follow: sections, tags, authors and saved queries; the letters that tell of what is new; their end."""
