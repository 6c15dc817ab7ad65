"""The servers that are compared: each on a free port, over a folder of its own, ended by its pid."""
import os
import pathlib
import signal
import subprocess
import time

from . import load, machine, syncs

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Longer than any start or stop that is worth waiting for.
START_SECONDS = 120
STOP_SECONDS = 120


class Trouble(Exception):
    """What ends a run, as a sentence."""


class Server:
    """A server's folder outlives its process: a log is filled once and measured often."""

    name = ""

    def __init__(self, folder, library):
        self.folder = pathlib.Path(folder) / self.name
        self.folder.mkdir(parents=True)
        self.counter = syncs.Counter(self.folder.with_suffix(".syncs"), library)
        self.process = None

    def arguments(self):
        raise NotImplementedError

    def start(self):
        """Answers the seconds until it says SERVING."""
        self.port = machine.free_port()
        with open(self.folder.with_suffix(".log"), "ab") as log:
            began = time.monotonic()
            self.process = subprocess.Popen(
                self.arguments(), stdout=log, stderr=log, env=os.environ | self.counter.environment)
        try:
            served = load.run(self.port, "await", seconds=START_SECONDS)["at"]
        except load.Trouble as trouble:
            tail = self.folder.with_suffix(".log").read_text(errors="replace")[-1000:]
            self.kill()
            raise Trouble(f"{self.name} does not start: {trouble}\n{tail}") from None
        return served - began

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()


class WordWeave(Server):
    name = "wordweave"

    def arguments(self):
        return [str(ROOT / ".build/release/wordweave"), "serve", "--only", "events",
                "--grpc-auth", "none", "--data", str(self.folder), "--grpc-port", str(self.port),
                "--port", str(machine.free_port()), "--webhook-port", str(machine.free_port())]


class UmaDB(Server):
    name = "umadb"

    def arguments(self):
        return [str(ROOT / ".build/python/bin/umadb"), "--listen", f"127.0.0.1:{self.port}",
                "--db-path", str(self.folder / "uma.db")]


def pair(folder, library):
    """Ours first."""
    return WordWeave(folder, library), UmaDB(folder, library)
