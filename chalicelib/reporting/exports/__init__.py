"""Lists as CSV files, written in the background (R14)."""
