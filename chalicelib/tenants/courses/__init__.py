"""The course library of an MSP, and what each client may use of it (F4)."""
