"""MSPs and client organizations: settings, readiness, entitlements, counts (F3, F4)."""
