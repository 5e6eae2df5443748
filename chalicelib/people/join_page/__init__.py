"""The public join page (I7), and the guide to accepting an invitation (I10)."""
