"""Groups, departments and locations of an organization (F5)."""
