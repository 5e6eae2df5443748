"""Live trainings of an organization: their sessions, who is in them, attendance, and enrolling people."""
