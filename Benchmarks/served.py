#!/usr/bin/env python3
"""The figures of a whole process: `served.py get post start memory`, the first three without a name.

get, post  requests per second of a released `wordweave serve` beside a bare Hummingbird route that
           answers the same bytes, in alternating rounds with the same load (wrk).
start      time until /readyz and resident memory: empty, after load, and with a log of many events.
memory     resident memory and new posts a second over many rounds of reads and writes, and after
           a minute of rest.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
SERVER = ROOT / ".build/release/wordweave"
# Longer than any start that is worth waiting for.
READY_SECONDS = 120
# Longer than the server waits before it gives free memory back.
REST_SECONDS = 65
# A draft of an ordinary length; what it costs to parse and store is part of the figure.
POST = {"title": "Tides", "summary": "Twice a day.", "body": "High and *low* water. " * 100, "tags": ["sea"]}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def call(url, method="GET", body=None, token=None):
    request = urllib.request.Request(url, method=method)
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, data, timeout=30) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {url} answered {error.code}: {error.read().decode(errors='replace')}")


class Process:
    """A child that is ended with the block."""

    def __init__(self, arguments, ready):
        self.log = tempfile.TemporaryFile()
        began = time.monotonic()
        self.child = subprocess.Popen(arguments, stdout=self.log, stderr=subprocess.STDOUT)
        while True:
            if self.child.poll() is not None:
                self.log.seek(0)
                sys.exit(f"{arguments[0]} ended at once:\n{self.log.read().decode(errors='replace')[-2000:]}")
            try:
                with urllib.request.urlopen(ready, timeout=1) as answer:
                    if answer.status == 200:
                        break
            except OSError:
                pass
            if time.monotonic() - began > READY_SECONDS:
                self.child.kill()
                sys.exit(f"{ready} did not answer within {READY_SECONDS} s")
            time.sleep(0.005)
        self.seconds = time.monotonic() - began

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(60)
        except subprocess.TimeoutExpired:
            self.child.kill()

    def resident(self):
        for line in open(f"/proc/{self.child.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0


class Server(Process):
    def __init__(self, folder):
        self.url = f"http://127.0.0.1:{free_port()}"
        port = self.url.rsplit(":", 1)[1]
        super().__init__(
            [str(SERVER), "serve", "--data", str(folder), "--port", port,
             "--webhook-port", str(free_port()), "--grpc-port", str(free_port())],
            self.url + "/readyz")
        self.folder = pathlib.Path(folder)

    def token(self):
        name = f"bench{time.time_ns() % 10**9}"
        answer = call(self.url + "/identity/sign-ups", "POST", {
            "username": name, "email": f"{name}@example.org", "password": "correct horse battery"})
        return json.loads(answer)["token"]


def wrk(url, seconds, connections, script=None):
    """Requests per second and p99 of one round; a wrong answer ends the figure."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if script:
        command += ["-s", script]
    text = subprocess.run(command + [url], check=True, capture_output=True, text=True).stdout
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if wrong:
        sys.exit(f"{url} answered {wrong[1]} requests with an error:\n{text}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", text)
    return rate, float(p99[1]) * unit[p99[2]]


def compare(name, options, ours, bare, script_ours=None, script_bare=None):
    sides = ([], [])
    for _ in range(options.rounds):
        for side, url, script in ((0, ours, script_ours), (1, bare, script_bare)):
            script = script() if callable(script) else script
            sides[side].append(wrk(url, options.seconds, options.connections, script))
    rates = [statistics.median(rate for rate, _ in side) for side in sides]
    tails = [statistics.median(p99 for _, p99 in side) for side in sides]
    print(f"| {name} | {rates[0]:,.0f} | {rates[1]:,.0f} | {rates[0] / rates[1]:.2f} "
          f"| {tails[0]:.2f} | {tails[1]:.2f} |", flush=True)


def bare_route(body, folder):
    path = pathlib.Path(folder) / "answer"
    path.write_bytes(body)
    port = free_port()
    program = next(iter((ROOT / "Benchmarks/.build").glob("*/release/BareRoute")), None)
    if program is None:
        sys.exit("BareRoute is not built; use Benchmarks/run http")
    return Process([str(program), str(port), str(path)], f"http://127.0.0.1:{port}/answer"), port


def post_script(folder, token):
    path = pathlib.Path(folder) / "post.lua"
    lines = ['wrk.method = "POST"', f"wrk.body = [==[{json.dumps(POST)}]==]",
             'wrk.headers["Content-Type"] = "application/json"']
    if token:
        lines.append(f'wrk.headers["Authorization"] = "Bearer {token}"')
    path.write_text("\n".join(lines))
    return str(path)


def http(names, options):
    print("\n| request | ours/s | bare route/s | ratio | p99 ms | bare p99 ms |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, Server(folder + "/data") as server:
        token = server.token()
        draft = call(server.url + "/v1/posts", "POST", POST, token)
        post = json.loads(draft)["id"]
        call(f"{server.url}/v1/posts/{post}/publish", "POST", token=token)
        page = f"{server.url}/v1/posts/{post}"
        if "get" in names:
            # A read of one's own write may wait for it; the load is about the page as it is.
            body = call(page)
            process, port = bare_route(body, folder)
            with process:
                compare("GET one post", options, page, f"http://127.0.0.1:{port}/answer")
        if "post" in names:
            process, port = bare_route(draft, folder)
            with process:
                # A token lives a minute, so each round signs in anew.
                compare("POST a draft", options, server.url + "/v1/posts",
                        f"http://127.0.0.1:{port}/answer",
                        lambda: post_script(folder, server.token()), lambda: post_script(folder, None))
        print(f"\nresident after the load: {server.resident():.1f} MiB")


def memory(options):
    print("\n| rounds of GET and POST | events | POST/s | resident MiB |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, Server(folder + "/data") as server:
        operator = (server.folder / "operator-token").read_text().strip()

        def tell(name, rate=None):
            log = json.loads(call(server.url + "/v1/admin/log", token=operator))
            shown = f"{rate:,.0f}" if rate else ""
            print(f"| {name} | {log['head']:,} | {shown} | {server.resident():.1f} |", flush=True)

        token = server.token()
        post = json.loads(call(server.url + "/v1/posts", "POST", POST, token))["id"]
        call(f"{server.url}/v1/posts/{post}/publish", "POST", token=token)
        tell("none")
        for number in range(options.rounds):
            wrk(f"{server.url}/v1/posts/{post}", options.seconds, options.connections)
            rate, _ = wrk(server.url + "/v1/posts", options.seconds, options.connections,
                          post_script(folder, server.token()))
            tell(number + 1, rate)
        time.sleep(REST_SECONDS)
        tell(f"after {REST_SECONDS} s of rest")


def start(options):
    print("\n| state | ready after s | resident MiB |\n|---|---|---|")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        data = folder + "/data"
        filler = ROOT / "Benchmarks/.build/release/Benchmarks"
        states = ["a new data directory", "opened again"]
        if filler.exists():
            states += ["with a log of 1,000,000 foreign events, first time", "the same, opened again"]
        for state in states:
            if [state] == states[2:3]:
                subprocess.run([str(filler), "fill", data + "/log", "1000000"], check=True)
            seconds = []
            for _ in range(options.rounds if state.endswith("opened again") else 1):
                with Server(data) as server:
                    time.sleep(1)  # what starting leaves behind settles
                    seconds.append(server.seconds)
                    resident = server.resident()
            print(f"| {state} | {statistics.median(seconds):.2f} | {resident:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="get|post|start|memory")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--folder", default=str(ROOT / "Benchmarks/.build"))
    options = parser.parse_args()
    names = options.names or ["get", "post", "start"]
    unknown = set(names) - {"get", "post", "start", "memory"}
    if unknown:
        parser.error(f"no figure is called {', '.join(sorted(unknown))}")
    if not SERVER.exists():
        sys.exit(f"{SERVER} is not built; use ops/run --build-only")
    if not shutil.which("wrk") and names != ["start"]:
        sys.exit("wrk is missing; use Benchmarks/run http")
    os.makedirs(options.folder, exist_ok=True)
    print(f"{os.cpu_count()} cores, {options.connections} connections, {options.rounds} alternating rounds "
          f"of {options.seconds} s; medians")
    if {"get", "post"} & set(names):
        http(names, options)
    if "start" in names:
        start(options)
    if "memory" in names:
        memory(options)


main()
