"""Calendars: invitations as iCalendar objects (O6)."""
