"""Attendance and results of many people at once (O8)."""
