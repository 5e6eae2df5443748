"""Read-only views (O10, empty until its issue), and lists as CSV files."""
