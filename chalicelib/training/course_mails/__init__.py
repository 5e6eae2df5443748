"""Mails about courses: enrolled, reminders, failures; and what became of them (R13, R15, B6)."""
