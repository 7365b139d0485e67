"""What a record can say: one module a kind, one line each in `registry`."""
