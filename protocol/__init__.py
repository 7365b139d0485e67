"""What travels between nodes, byte for byte. Nothing here does I/O, reads a clock or draws a random number."""
