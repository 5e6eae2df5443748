"""One submission for up to 25 clients: form, preview, launch, copy, dashboards (R1 to R9, B1, B2)."""
