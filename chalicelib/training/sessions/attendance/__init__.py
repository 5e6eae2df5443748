"""Attendance and results of many people at once (O8), and the certificates that attendance brings."""
