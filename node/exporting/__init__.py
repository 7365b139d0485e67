"""Writing listings for other programs: spreadsheets, shops, search engines.

Listings in, text out; nothing here reads a store or opens a file.
"""
