"""What travels between nodes, byte for byte: no I/O, no clock, no random numbers."""
