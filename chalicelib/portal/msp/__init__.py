"""Pages of an MSP's admins."""
