"""Mails about courses: enrolled, reminders, failures; and the state of each (R13, R15, B6)."""
