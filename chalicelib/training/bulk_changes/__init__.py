"""Changes of many enrollments: undo, new due dates, a client's new time zone (R12, B3, B8)."""
