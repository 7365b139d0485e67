"""How nodes reach each other. `links` is the interface; only the `libp2p_*` modules know libp2p."""
