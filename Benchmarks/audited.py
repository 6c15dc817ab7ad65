#!/usr/bin/env python3
"""Answers of the audit over HTTP: `audited.py --events 10000000`.

Fills a log with events of frequent and rare actors, types and tags, starts a released `wordweave serve
--only events` over it, waits until the audit's index has reached the head, and asks questions of each
kind, one at a time on one connection. A page holds 100 events; questions that differ are drawn from what
the log holds, with a fixed seed.
"""
import argparse
import http.client
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
SERVER = ROOT / ".build/release/wordweave"
FILLER = ROOT / "Benchmarks/.build/release/Benchmarks"
# The goal of a page at ten million events.
GOAL_MS = 50


class Service:
    """A served data directory and one connection to it."""

    def __init__(self, data):
        command = [str(SERVER), "serve", "--only", "events", "--data", data, "--port", "0", "--grpc-port", "0"]
        self.log = tempfile.TemporaryFile()
        self.child = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT)
        while not os.path.exists(data + "/serve.json"):
            if self.child.poll() is not None:
                self.log.seek(0)
                sys.exit("serve ended at once:\n" + self.log.read().decode(errors="replace")[-2000:])
            time.sleep(0.01)
        time.sleep(0.1)
        url = json.loads(pathlib.Path(data + "/serve.json").read_text())["url"]
        self.token = pathlib.Path(data + "/operator-token").read_text().strip()
        self.connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)

    def get(self, path):
        """The answer, and how long it took in milliseconds."""
        began = time.perf_counter()
        self.connection.request("GET", "/v1/admin/" + path, headers={"Authorization": "Bearer " + self.token})
        answer = self.connection.getresponse()
        body = answer.read()
        spent = (time.perf_counter() - began) * 1000
        if answer.status != 200:
            sys.exit(f"{path} answered {answer.status}: {body.decode(errors='replace')[:500]}")
        return json.loads(body), spent

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        self.child.wait(60)


def fill(data, events):
    os.makedirs(data)
    began = time.monotonic()
    subprocess.run([str(FILLER), "fill-audit", data + "/log", str(events)], check=True)
    print(f"\nlog of {events:,} events written in {time.monotonic() - began:.0f} s", flush=True)
    pathlib.Path(data + "/format").write_text("wordweave data 1\n")


def wait_for_index(service):
    began = time.monotonic()
    while True:
        status, _ = service.get("projections/events/audit")
        if status["applied"] >= status["head"] and status["state"] != "filling":
            break
        time.sleep(0.2)
    seconds = max(time.monotonic() - began, 0.001)
    print(f"index filled in {seconds:.1f} s ({status['head'] / seconds:,.0f} events/s)", flush=True)
    return status["head"]


def query(**criteria):
    return "audit?limit=100&" + urllib.parse.urlencode({k: v for k, v in criteria.items() if v is not None})


def questions(service, head, dice):
    """Name and maker of one question of each kind."""
    sample = []
    for _ in range(200):
        page, _ = service.get(f"events?after={dice.randrange(head - 1)}&limit=1")
        sample += page["items"]

    def some():
        return dice.choice(sample)

    def actor():
        return some()["metadata"]["actor"]

    def span():
        times = sorted([some()["recordedAt"], some()["recordedAt"]])
        return {"since": times[0]} if times[0] == times[1] else {"since": times[0], "until": times[1]}

    def deep(**criteria):
        # Any place of the log stands for a page deep in the list.
        return query(until=some()["recordedAt"], **criteria)

    bulk = lambda: f"user_bulk{dice.randrange(10)}"
    return {
        "newest": lambda: query(),
        "frequent actor": lambda: query(actor=bulk()),
        "any actor": lambda: query(actor=actor()),
        "rare actor": lambda: query(actor="user_rare"),
        "nobody": lambda: query(actor=f"user_none{dice.random()}"),
        "frequent type": lambda: query(type="PostEdited"),
        "rare type": lambda: query(type="PostDeleted"),
        "tag": lambda: query(tag=f"topic:{dice.randrange(50)}"),
        "kind of entity": lambda: query(entity=dice.choice(["post", "comment", "user"])),
        "stream": lambda: query(stream=some()["stream"]),
        "correlation": lambda: query(correlation=some()["metadata"]["correlation-id"]),
        "time range": lambda: query(**span()),
        "frequent actor, deep": lambda: deep(actor=bulk()),
        "frequent actor + rare type": lambda: query(actor=bulk(), type="PostDeleted"),
        "rare actor + frequent type": lambda: query(actor="user_rare", type="PostEdited"),
        "frequent actor + frequent type + entity": lambda: query(actor=bulk(), type="PostEdited", entity="post"),
        "frequent actor + tag + time": lambda: query(actor=bulk(), tag=f"topic:{dice.randrange(50)}", **span()),
        "frequent actor + rare tag + entity": lambda: query(actor=bulk(), tag="rare", entity="user"),
        "trace": lambda: f"events/{some()['id']}/causes?whole=true",
        "stream as of a time": lambda: f"streams/{some()['stream']}/state?at={some()['position']}",
        "who changed a field": lambda: f"streams/{some()['stream']}/fields/title",
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=200, help="questions of each kind")
    parser.add_argument("--folder", default=str(ROOT / "Benchmarks/.build"))
    parser.add_argument("--keep", help="a data directory that is filled once and kept")
    options = parser.parse_args()
    for program in (SERVER, FILLER):
        if not program.exists():
            sys.exit(f"{program} is not built; use Benchmarks/run audit")
    os.makedirs(options.folder, exist_ok=True)
    folder = options.keep or tempfile.mkdtemp(dir=options.folder)
    data = folder + "/data"
    try:
        if not os.path.exists(data + "/format"):
            fill(data, options.events)
        with Service(data) as service:
            head = wait_for_index(service)
            models = sum(f.stat().st_size for f in pathlib.Path(data + "/models").rglob("*") if f.is_file())
            logged = sum(f.stat().st_size for f in pathlib.Path(data + "/log").rglob("*") if f.is_file())
            print(f"log {logged / 2**20:,.0f} MiB, index {models / 2**20:,.0f} MiB on disk")
            dice = random.Random(5)
            print("\n| question | events | p50 ms | p95 ms | slowest ms |\n|---|---|---|---|---|")
            missed = []
            for name, make in questions(service, head, dice).items():
                spent, found = [], []
                for _ in range(options.rounds):
                    answer, milliseconds = service.get(make())
                    spent.append(milliseconds)
                    found.append(len(answer["items"] if "items" in answer else answer["events"]))
                spent.sort()
                p95 = spent[min(len(spent) - 1, int(len(spent) * 0.95))]
                if p95 > GOAL_MS:
                    missed.append(name)
                print(f"| {name} | {statistics.mean(found):.0f} | {statistics.median(spent):.1f} "
                      f"| {p95:.1f} | {spent[-1]:.1f} |", flush=True)
            print(f"\np95 above {GOAL_MS} ms: {', '.join(missed) or 'none'}")
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


main()
