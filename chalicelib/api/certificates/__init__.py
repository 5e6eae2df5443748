"""HTTP: certificates: the caller's own, their public check, and those that an organization issued."""
