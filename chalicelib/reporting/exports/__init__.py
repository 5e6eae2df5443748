"""Lists as CSV files, made in the background (R14)."""
