"""What pages and commands read: tables that can always be rebuilt from the log."""
