"""Forms that make proposals: for each kind a module with its fields, and how they are read."""
