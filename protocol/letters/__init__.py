"""What a sealed letter can say: one module a kind of letter, one line each in `registry`."""
