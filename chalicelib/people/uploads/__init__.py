"""People by spreadsheet: upload, preview with a verdict for every row, approval, failed rows (I2, B12)."""
