"""HTTP: what one can show: personal data, reports."""
