"""Certificates: issued by what completes, shown to their holder and their organization, checked by anybody (L2)."""
