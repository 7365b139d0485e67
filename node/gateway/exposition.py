"""A node's numbers in the text format that Prometheus reads.

Made anew for each reading, in a registry of its own. Labels are words of ours: no name, id or
address of anybody is in here, so the numbers may be kept and shown by other programs.

Source: Prometheus, "Exposition formats", text format 0.0.4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from node.home import DATABASE, Home
from node.metrics import Timing
from node.network_view import IN, OUT, RELAYED, View
from node.status import LANE_NAMES
from storage import certificates
from storage.store import Store

if TYPE_CHECKING:
    from node.gateway.context import Gateway

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def exposition(gateway: Gateway, home: Home) -> bytes:
    """All numbers of a running node, as of now."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found([*_network(gateway), *_kept(home), *_pages(gateway.page_seconds)]))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Found(Collector):
    """Families that are known already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


def _network(gateway: Gateway) -> Iterator[Metric]:
    node, view = gateway.node, gateway.node.connections()
    counted = node.metrics
    built = GaugeMetricFamily("moothall_build_info", "The program.", labels=["version"])
    built.add_metric([version("moothall")], 1)
    yield built
    ways = dict.fromkeys((OUT, IN, RELAYED), 0) | Counter(row.way for row in view.rows)
    yield _gauges("moothall_peers", "Members' nodes in touch, by how.", "way", ways)
    yield _gauge("moothall_known_peers", "Members' nodes whose addresses are known.", view.known)
    yield from _relaying(view)
    received, sent = view.traffic
    ways = {"received": received, "sent": sent}
    yield _counters("moothall_network_bytes", "On all connections.", "direction", ways)
    yield _counters(
        "moothall_sync_conversations", "By how they ended.", "ended", counted.conversations
    )
    timed = _histogram("moothall_sync_conversation_seconds", "How long they took.")
    timed.add_metric([], *_timing(counted.conversation_seconds))
    yield timed
    yield _counters(
        "moothall_peer_faults", "What peers did wrong, by reason.", "reason", counted.faults
    )
    yield _counters("moothall_gossip_messages", "By what became of them.", "fate", counted.gossip)
    yield _counters(
        "moothall_refusals", "Turned away unread, or for who asked.", "what", counted.refused
    )
    yield _gauges(
        "moothall_waiting", "What is under way or waits its turn.", "what", node.waiting()
    )


def _relaying(view: View) -> Iterator[Metric]:
    relaying = view.relaying
    yield _gauge(
        "moothall_relay_places", "Relays that hold a place for us.", len(relaying["reserved_at"])
    )
    yield _gauge("moothall_relayed_circuits", "Relayed for others now.", relaying["serving"])
    if view.compared is not None:
        differ = len(view.compared["differ"])
        yield _gauge(
            "moothall_certificates_differ",
            "Neighbours that name another newest certificate.",
            differ,
        )


def _kept(home: Home) -> Iterator[Metric]:
    store = home.store
    lanes = dict.fromkeys(LANE_NAMES.values(), 0)
    for lane, records in store.db.execute("SELECT lane, sum(head_seq) FROM log GROUP BY lane"):
        lanes[LANE_NAMES[lane]] = records
    yield _gauges("moothall_records", "Held, by lane.", "lane", lanes)
    yield _gauge(
        "moothall_certificate_height", "Of the newest certificate.", certificates.tip(store)[0]
    )
    pictures, size = store.db.execute("SELECT count(*), total(size) FROM blob").fetchone()
    yield _gauge("moothall_pictures", "Held.", pictures)
    yield _gauge("moothall_picture_bytes", "In pictures held.", size)
    files = (home.path / f"{DATABASE}{end}" for end in ("", "-wal"))
    size = sum(file.stat().st_size for file in files if file.exists())
    yield _gauge("moothall_store_bytes", "The database takes on disk.", size)
    yield _gauge("moothall_records_aside", "Segments that wait for others.", _count(store, "aside"))
    yield _gauge(
        "moothall_letters_unopened",
        "That nobody has tried to open here yet.",
        _count(store, "sealed WHERE tried != 1"),
    )


def _count(store: Store, table: str) -> int:
    (found,) = store.db.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found)


def _pages(page_seconds: Mapping[str, Timing]) -> Iterator[Metric]:
    found = _histogram("moothall_page_seconds", "Until a page began to be answered.", "app")
    for app, timing in sorted(page_seconds.items()):
        found.add_metric([app], *_timing(timing))
    yield found


def _timing(timing: Timing) -> tuple[list[tuple[str, float]], float]:
    buckets = [
        ("+Inf" if bound == float("inf") else str(bound), float(count))
        for bound, count in timing.up_to()
    ]
    return buckets, timing.seconds


def _histogram(name: str, told: str, label: str | None = None) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, told, labels=[] if label is None else [label])


def _gauge(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _gauges(name: str, told: str, label: str, values: Mapping[str, float]) -> Metric:
    found = GaugeMetricFamily(name, told, labels=[label])
    for word, value in sorted(values.items()):
        found.add_metric([word], value)
    return found


def _counters(name: str, told: str, label: str, values: Mapping[str, float]) -> Metric:
    found = CounterMetricFamily(name, told, labels=[label])
    for word, value in sorted(values.items()):
        found.add_metric([word], value)
    return found
