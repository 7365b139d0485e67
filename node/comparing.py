"""What the others say the newest certificate is: whoever is surrounded must notice."""

from __future__ import annotations


class Comparing:
    """What certificate each peer named last."""

    def heard(self, peer: str, height: int, certificate: bytes) -> None:
        """A peer's hello names its newest certificate: `height` (-1 for none) and its id."""
