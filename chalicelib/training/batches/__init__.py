"""The engine: one client's batch, its rows, the fan-out in chunks, seats, cancel, retry (R9 to R12, B4)."""
