"""The `moothall` command: one module a group of commands, a line each in `main.COMMANDS`."""
