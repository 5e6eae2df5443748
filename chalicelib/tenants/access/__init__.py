"""Principals, roles and permissions: who may do what (F1, F2)."""
