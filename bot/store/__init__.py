"""What must survive a restart, in one SQL database; every method is blocking."""
