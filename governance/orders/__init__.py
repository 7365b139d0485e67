"""The life of an order: what the letters about it come to, for everybody who holds them alike.

`table` says who may make which move when, and is the only place that does; `past` brings letters
into their order; `crossing` says what moves that crossed come to; `view` puts together what a set
of letters says, `life` is the door to all of it, and `rights` adds one's own clock.
"""
