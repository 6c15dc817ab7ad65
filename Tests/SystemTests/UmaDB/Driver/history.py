"""Random histories that a seed repeats: each call depends only on the seed and on the calls before."""

import random
import uuid

# Few names, so that queries meet events and conditions fail about as often as they pass. Among them
# texts that look the same and are not, and one that folding would change.
TYPES = ("Opened", "opened", "Closed", "Ca\u0301fe", "C\u00e1fe", "T" * 255)
TAGS = ("red", "green", "blue", "Red", "a:b", "\u00e9", "e\u0301", " ", "t" * 255)
SOURCES = ("upstream", "Upstream", "s" * 255)
NIL = str(uuid.UUID(int=0))


class History:
    """Makes calls; it is told each position that was written and each answer's head."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.head = 0
        self.appends: list[dict] = []
        self.uuids: list[str] = [NIL]
        self.marks = dict.fromkeys(SOURCES, 0)

    def next(self) -> dict:
        kind = self.random.choices(
            (self.append, self.again, self.read, self.subscribe, self.look),
            (45, 10, 32, 3, 10),
        )[0]
        return kind()

    def answered(self, call: dict, outcome: dict) -> None:
        """Learns from an answer that both servers gave."""
        append = call.get("append")
        if append is None or "answer" not in outcome:
            return
        self.head = max(self.head, outcome["answer"])
        self.appends = (self.appends + [append])[-200:]
        if append.get("tracking"):
            source, position = append["tracking"]
            self.marks[source] = max(self.marks.get(source, 0), position)

    # Calls

    def append(self) -> dict:
        call = {"events": [self.event() for _ in range(self.count())], "client": self.client()}
        chance = self.random.random()
        if chance < 0.2:
            # With an id on every event the append can be recognised again.
            for event in call["events"]:
                event["uuid"] = self.uuid()
        elif chance < 0.3:
            self.random.choice(call["events"])["uuid"] = self.uuid()
        if self.random.random() < 0.5:
            call["condition"] = {"query": self.query(), "after": self.after()}
        if self.random.random() < 0.15:
            source = self.random.choice(SOURCES)
            # Often a little too low, as two workers on one source would be.
            call["tracking"] = [source, max(0, self.marks[source] + self.random.randint(-1, 3))]
        return {"append": call}

    def again(self) -> dict:
        """An append that was answered: the same, its beginning, its end, or with something else."""
        if not self.appends:
            return self.append()
        call = dict(self.random.choice(self.appends))
        events = [dict(event) for event in call["events"]]
        change = self.random.randrange(7)
        if change == 0:
            events = events[: self.random.randint(1, len(events))]
        elif change == 1:
            events = events[self.random.randrange(len(events)) :]
        elif change == 2:
            events = events + [self.event()]
        elif change == 3:
            self.random.shuffle(events)
        elif change == 4:
            # Fails, if the first one was written: so the ids decide.
            call["condition"] = {"query": [], "after": self.after()}
        call["events"] = events
        return {"append": call}

    def read(self) -> dict:
        call = {"client": self.client()}
        # An answer that is not read to its end resets its stream, which a server takes only so often.
        by = self.random.choices(("collect", "events", "batches", "first", "head"), (8, 4, 4, 1, 1))[0]
        call["by"] = by
        if self.random.random() < 0.7:
            call["query"] = self.query()
        if self.random.random() < 0.3:
            call["backwards"] = True
        if self.random.random() < 0.8:
            call["start"] = self.position()
        # The second and the third connection ask for few events in a message, so for few at all.
        unbounded = self.head < 300 or by in ("first", "head") and call["client"] not in (1, 2)
        if self.random.random() < 0.6 or not unbounded:
            call["limit"] = self.random.choice((0, 1, 2, 3, 7, 50, 100, 101, 250))
        return {"read": call}

    def subscribe(self) -> dict:
        call = {"client": self.client()}
        if self.random.random() < 0.8:
            call["query"] = self.query()
        call["after"] = max(0, self.head - self.random.randint(0, 120))
        return {"subscribe": call}

    def look(self) -> dict:
        chance = self.random.random()
        if chance < 0.5:
            return {"head": {"client": self.client()}}
        return {"tracking": {"source": self.random.choice(SOURCES + ("never",))}}

    # Parts of calls

    def event(self) -> dict:
        event = {"type": self.random.choice(TYPES), "data": self.data()}
        event["tags"] = [self.tag() for _ in range(self.random.choice((0, 1, 1, 2, 2, 3, 5)))]
        if self.random.random() < 0.15:
            event["uuid"] = self.uuid()
        if self.random.random() < 0.3:
            keys = self.random.sample(("actor", "é", "z", "a", "correlation-id"), self.random.randint(1, 3))
            event["metadata"] = {key: self.random.choice(("", "ada", "\U0001f30a")) for key in keys}
        return event

    def data(self) -> str:
        # Small enough for UmaDB, which puts the event that a condition met into the error's headers.
        size = self.random.choice((0, 1, 20, 200, 400))
        return self.random.randbytes(self.random.randint(0, size)).hex()

    def count(self) -> int:
        return self.random.choice((1, 1, 1, 2, 3, 5, 20))

    def tag(self) -> str:
        # One in two names one of many things, so that conditions can pass.
        if self.random.random() < 0.5:
            return f"thing:{self.random.randrange(500)}"
        return self.random.choice(TAGS)

    def uuid(self) -> str:
        if self.random.random() < 0.3:
            return self.random.choice(self.uuids)
        fresh = str(uuid.UUID(int=self.random.getrandbits(128)))
        self.uuids = (self.uuids + [fresh])[-300:]
        return fresh

    def query(self) -> list:
        return [
            [
                self.random.sample(TYPES, self.random.choice((0, 1, 1, 2))),
                [self.tag() for _ in range(self.random.choice((0, 1, 1, 2)))],
            ]
            for _ in range(self.random.choice((0, 1, 1, 1, 2, 3)))
        ]

    def after(self) -> int | None:
        return self.random.choice(
            (None, 0, self.head, self.head, self.head + 100, 2**63, *(self.near(),) * 4)
        )

    def position(self) -> int:
        return self.random.choice((0, 1, self.head, self.head + 1, 2**64 - 1, *(self.near(),) * 5))

    def near(self) -> int:
        return max(0, self.head - self.random.randint(0, 300))

    def client(self) -> int:
        return self.random.randrange(5)
