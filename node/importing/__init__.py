"""Reading sellers' files into listings.

Files are bytes in, products or named faults out; nothing is fetched.
"""
