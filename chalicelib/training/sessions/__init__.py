"""Live trainings with sessions, participants, answers, attendance and results (O4 to O8). Empty until its issue."""
