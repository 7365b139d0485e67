"""The web gateway: the desk of a node's owner and the shop window for guests.

`context.Gateway` is what a node hands over, `apps.desk_app` and `apps.shop_app` make the two
applications from it, `serve.serve` answers on a port. A page is one module in `pages/` and one
line in `pages/registry.py`. Everything here only reads.
"""
