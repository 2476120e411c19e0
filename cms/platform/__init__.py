"""What every wing stands on: database, clock, ids, errors, the Actor, HTTP, the bell, and text."""
