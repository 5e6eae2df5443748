"""People: the directory, accounts, invitations, uploads of spreadsheets, the join page."""
