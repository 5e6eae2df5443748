"""Files as people's programs write them (CSV, XLSX), read into rows with headings."""
