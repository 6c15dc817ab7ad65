"""Runs the client that loads a server: Benchmarks/Sources/Load."""
import json
import pathlib
import subprocess
import threading

from . import machine, syncs

BUILD = pathlib.Path(__file__).resolve().parents[1] / ".build/release"
# A fill of ten million events ends well within.
LONGEST_SECONDS = 3600
# What a measuring client may take beyond the time it was given: connecting, and draining at the end.
GRACE_SECONDS = 180


class Trouble(Exception):
    """A client that failed, in its own words."""


def program(name):
    path = BUILD / name
    if not path.exists():
        raise Trouble(f"{name} is not built; use Benchmarks/goals")
    return str(path)


def command(port, work, **options):
    """`in_flight=8` becomes `--in-flight 8`, `by_tag=True` a flag."""
    words = [program("Load"), work, "--port", str(port)]
    for name, value in options.items():
        if value is True:
            words.append("--" + name.replace("_", "-"))
        elif value is not False and value is not None:
            words += ["--" + name.replace("_", "-"), str(value)]
    return words


def run(port, work, **options):
    """Runs it to its end; answers its result."""
    done = subprocess.run(command(port, work, **options), capture_output=True, text=True,
                          timeout=LONGEST_SECONDS)
    if done.returncode:
        raise Trouble(done.stderr.strip())
    return json.loads(done.stdout.splitlines()[-1])


def measured(words, pid, counter, seconds):
    """Runs a client that says `begin` and `end`; adds what the server did in between."""
    readings = []
    result = None
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as client:
        timer = threading.Timer(seconds + GRACE_SECONDS, client.kill)
        timer.start()
        try:
            for line in client.stdout:
                if line.strip() in ("begin", "end"):
                    readings.append((machine.processor_seconds(pid), counter.read()))
                elif line.startswith("{"):
                    result = json.loads(line)
        except BaseException:
            client.kill()
            raise
        finally:
            timer.cancel()
        complaint = client.stderr.read()
    if client.returncode or result is None or len(readings) != 2:
        raise Trouble(complaint.strip() or "the client told no result")
    if not result["samples"]:
        raise Trouble(f"no call of '{words[1]}' ended within the measured time")
    (cpu, before), (cpu_after, after) = readings
    # As measured by the client.
    seconds = result["seconds"]
    result["server_cores"] = (cpu_after - cpu) / seconds
    result["client_cores"] = result["clientCPU"] / seconds
    calls = result.get("calls") or result["samples"]
    result["client_microseconds"] = result["clientCPU"] / calls * 1e6 if calls else 0.0
    seen = syncs.Counter.between(before, after)
    result["syncs"] = seen
    result["syncs_per_second"] = seen["waited"] / seconds
    result["rate"] = result.get("events", result["samples"]) / seconds
    return result
