"""The application: a request in, an answer out."""
