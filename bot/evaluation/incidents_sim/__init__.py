"""Simulated incidents: logs, metrics, alerts, commits and documents of systems whose trouble is known."""
