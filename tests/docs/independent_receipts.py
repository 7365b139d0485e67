"""Receipts, written from `docs/protocol.md` alone; shares no code with the program."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from tests.docs.independent import encode, verified


def signed(body: dict[str, Any], purpose: bytes, community: bytes) -> bool:
    """Whether the order's key signed the body without its signature."""
    rest = {key: value for key, value in body.items() if key != "by_order"}
    digest = sha256(encode(rest)).digest()
    by_order = body.get("by_order")
    return by_order is not None and verified(body["order"], by_order, purpose, community, digest)


def divide(total: int, weights: dict[str, int]) -> dict[str, int]:
    """By largest remainder; ties by order."""
    whole = sum(weights.values())
    parts = {role: total * weight // whole for role, weight in weights.items()}
    order = sorted(weights, key=lambda role: -(total * weights[role] % whole))
    for role in order[: total - sum(parts.values())]:
        parts[role] += 1
    return parts


def shares(said: dict[str, Any], charter: Any) -> tuple[int, dict[str, int]]:
    """Fee and shares, the roles in the order in which refunds take them."""
    rule = charter["fees"]["categories"].get(said["category"], charter["fees"]["default"])
    fee = said["price"] * rule["fee_bps"] // 10_000
    if said["currency"] == charter["currency"]:
        fee = max(fee, rule["fee_min"])
        fee = fee if rule["fee_cap"] is None else min(fee, rule["fee_cap"])
    fee = min(fee, said["price"])
    back = {row["role"]: row["fallback"] for row in rule["table"]}
    absent = {role for role in ("host", "referrer") if said[role] is None}
    there = [role for role in back if back[role] is None or role not in absent]
    weights = dict.fromkeys(there, 0)
    for row in rule["table"]:
        role = row["role"]
        while role not in weights:
            role = back[role]
        weights[role] += row["bps"]
    found = divide(fee, weights) if fee else weights | dict.fromkeys(weights, 0)
    rest = said["price"] - fee
    if said["grant"] is not None:
        found["reseller"] = rest * said["margin_bps"] // 10_000
        rest -= found["reseller"]
    return fee, {**found, "seller": rest}
