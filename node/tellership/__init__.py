"""What a teller's node does by itself: certify what is due, keep receipts, end votes."""
