"""Reading sellers' files into listings. Files are text in, listings or named faults out; nothing is fetched."""
