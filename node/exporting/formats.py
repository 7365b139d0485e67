"""Which formats one's listings can be written in. To add one, write its module and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from node.exporting import json_ld, own, shopify
from node.exporting.model import Format

FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        "csv": Format(file="moothall-listings.csv", media_type="text/csv", write=own.write),
        "shopify": Format(file="shopify-products.csv", media_type="text/csv", write=shopify.write),
        "json-ld": Format(
            file="listings.jsonld", media_type="application/ld+json", write=json_ld.write
        ),
    }
)
