"""Admins, appointed and removed (F8)."""
