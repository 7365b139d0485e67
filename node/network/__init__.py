"""How nodes reach each other. `links` is the interface; `libp2p_host` the only module family that knows libp2p."""
