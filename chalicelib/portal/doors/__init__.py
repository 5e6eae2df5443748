"""Pages before and around a log-in."""
