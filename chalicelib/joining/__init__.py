"""The public join page (I7). Empty until its issue."""
