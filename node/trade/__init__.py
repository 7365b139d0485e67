"""Trade as its owner does it: orders, receipts, consignment, settling up."""
