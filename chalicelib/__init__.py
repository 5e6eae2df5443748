"""Muster: training assignments for the clients of a managed service provider."""
