"""Looks into why a service is in trouble: read-only tools, a budget, and causes weighed by evidence."""
