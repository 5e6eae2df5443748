"""Evidence: a pack per client that proves by itself that nobody changed it (B10)."""
