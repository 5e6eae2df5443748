"""Live trainings: sessions, participants, invitations that calendars take, answers, waiting lists (O4 to O8, B13)."""
