"""Calls of the published UmaDB client as data: performed, and told as data again.

A call is a dictionary with one key; what it gives is {"answer": …} or {"error": class of the exception}.
In it {"repeat": value, "times": n} stands for a text or list that long.
"""

import uuid

import umadb

# What the client asks for in one message; None is its own choice.
BATCH_SIZES = (None, 1, 3, 100, 5000)


class Server:
    """One server, reached by several connections."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        self.clients = [
            umadb.Client(url, batch_size=size, api_key=api_key) for size in BATCH_SIZES
        ]

    def perform(self, call: dict) -> dict:
        (name, arguments), = expanded(call).items()
        try:
            return {"answer": getattr(self, "_" + name)(**arguments)}
        except Exception as error:  # every class is compared
            return {"error": type(error).__name__, "message": str(error)}

    def _append(self, events, condition=None, tracking=None, client=0):
        return self.clients[client].append(
            [made for each in events for made in made_of(**each)],
            condition=None
            if condition is None
            else umadb.AppendCondition(query(condition["query"]), condition.get("after")),
            tracking_info=None if tracking is None else umadb.TrackingInfo(*tracking),
        )

    def _read(self, query=None, start=None, backwards=False, limit=None, by="collect", client=0):
        response = self.clients[client].read(as_query(query), start, backwards, limit)
        if by == "collect":
            events, head = response.collect_with_head()
            return [list(map(told, events)), head]
        if by == "batches":
            batches = list(iter(response.next_batch, []))
            return [[told(each) for each in batch] for batch in batches]
        if by == "head":
            return response.head()
        if by == "first":
            # Leaves the rest unread.
            first = next(iter(response), None)
            response.cancel()
            return None if first is None else told(first)
        return [told(each) for each in response]

    def _subscribe(self, query=None, after=None, take=None, client=0):
        """Takes what a read finds now, or as much as told, or all when it ends by itself."""
        if take is None:
            take = len(self._read(query, (after or 0) + 1, client=client)[0])
        if take == 0:
            return []
        subscription = self.clients[client].subscribe(as_query(query), after)
        events = []
        for each in subscription:
            events.append(told(each))
            if len(events) == take:
                subscription.cancel()
                break
        return events

    def _head(self, client=0):
        return self.clients[client].head()

    def _tracking(self, source, client=0):
        return self.clients[client].get_tracking_info(source)

    def _health(self, service=""):
        return str(self.clients[0].check_health(service))

    def _watch(self, service=""):
        watch = self.clients[0].watch_health(service)
        first = str(next(watch))
        watch.cancel()
        return first


def expanded(value):
    if isinstance(value, list):
        return [expanded(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"repeat", "times"}:
        return expanded(value["repeat"]) * value["times"]
    return {key: expanded(each) for key, each in value.items()}


def made_of(type, data="", tags=(), uuid=None, metadata=None, count=1):
    """Makes `count` equal events."""
    event = umadb.Event(
        type,
        bytes.fromhex(data),
        list(tags) or None,
        as_uuid(uuid),
        metadata,
    )
    return [event] * count


def as_uuid(text):
    return None if text is None else uuid.UUID(text)


def query(items):
    return umadb.Query([umadb.QueryItem(types, tags) for types, tags in items])


def as_query(items):
    return None if items is None else query(items)


def told(sequenced) -> list:
    event, mark = sequenced.event, sequenced.tracking_info
    return [
        sequenced.position,
        event.event_type,
        event.data.hex(),
        event.tags,
        None if event.uuid is None else str(event.uuid),
        event.metadata,
        None if mark is None else [mark.source, mark.position],
    ]
