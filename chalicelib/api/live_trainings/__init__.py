"""HTTP: live trainings, for admins, for participants, and the page of their answer."""
