"""Speed, measured on this machine by commands that anybody can run."""
