"""What every surface keeps, whatever the route."""
