"""Read-only views and their exports (O10). Empty until its issue."""
