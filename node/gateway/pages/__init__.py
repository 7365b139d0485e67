"""One module a page; `registry` lists them."""
