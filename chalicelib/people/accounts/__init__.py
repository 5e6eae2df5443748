"""A person's own account: log-in, registration, forgotten password, another address (F1, B11)."""
