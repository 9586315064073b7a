"""What is counted, for Prometheus. Labels are bounded: a client's words become labels only a few hundred times.

A process counts for itself; `marketplace serve --processes N` adds its processes up in a folder, as the client
library documents for several processes.
"""

from prometheus_client import Counter, Gauge, Histogram

MOST_NAMES = 500
LATENCIES_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)

requests = Histogram(
    "marketplace_request_seconds",
    "HTTP requests by GraphQL operation (or path), and status.",
    ("operation", "status"),
    buckets=LATENCIES_S,
)
refusals = Counter("marketplace_refusals", "Refusals that clients were told, by code.", ("code",))
errors = Counter("marketplace_errors", "Top-level errors that clients were told, by code.", ("code",))
jobs = Histogram(
    "marketplace_job_seconds", "Jobs that ended, by task and outcome.", ("task", "outcome"), buckets=LATENCIES_S
)
shared = Histogram(
    "marketplace_shared_commands", "Commands of one transaction, of those that may share one.",
    buckets=(1, 2, 4, 8, 16, 32),
)  # fmt: skip
apart = Counter("marketplace_apart", "Commands that ran again in a transaction of their own, by why.", ("why",))
pool = Gauge("marketplace_pool_connections", "Connections to PostgreSQL.", ("state",), multiprocess_mode="livesum")

connections = Gauge(
    "marketplace_live_connections", "Sockets and event streams that are open.", multiprocess_mode="livesum"
)
subscriptions = Gauge("marketplace_subscriptions", "Subscriptions that are open.", multiprocess_mode="livesum")


class Names:
    """Lets the first few hundred different names be labels; the rest are `other`."""

    def __init__(self, most: int = MOST_NAMES) -> None:
        self._known: set[str] = set()
        self._most = most

    def label(self, name: str | None) -> str:
        """The name as a label."""
        if name is None:
            return "anonymous"
        if name not in self._known:
            if len(self._known) >= self._most:
                return "other"
            self._known.add(name)
        return name
