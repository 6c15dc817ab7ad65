"""`Benchmarks/goals g1 g2 …`: which goals are reached on this machine."""
import argparse
import json
import pathlib
import shutil
import signal
import sys
import tempfile

from . import appends, delivery, footprint, load, machine, postgres, reads, recovery, servers, syncs
from .rounds import Verdicts, say
from .settings import Settings

GROUPS = [
    (appends, ("g1", "g2")), (reads, ("g3",)), (postgres, ("g4", "g5")), (delivery, ("g6",)),
    (recovery, ("g7",)), (footprint, ("g8",)),
]
GOALS = [goal for _, goals in GROUPS for goal in goals]


def main():
    options = parse(sys.argv[1:])
    settings = Settings.quick() if options.quick else Settings()
    for name in vars(settings):
        given = getattr(options, name, None)
        if given is not None:
            setattr(settings, name, given)
    base = pathlib.Path(options.folder)
    base.mkdir(parents=True, exist_ok=True)
    settings.library = str(syncs.build(base))
    if settings.sync_floor:
        machine.slow_syncs(settings.sync_floor)
    verdicts = Verdicts()
    failed = False
    description = machine.description()
    print(f"{description}\n{settings.rounds} rounds in turns, {settings.warm_up:g} s warm-up, "
          f"{settings.seconds:g} s measured, {settings.bytes} B of {'text' if settings.text else 'noise'} "
          f"and 2 tags an event, seed {settings.seed}"
          + (f"; every sync held to {settings.sync_floor:g} ms or more" if settings.sync_floor else ""), flush=True)
    for module, names in GROUPS:
        chosen = [goal for goal in names if goal in options.goals]
        if not chosen:
            continue
        say(f"── {' '.join(chosen)}: {module.__doc__.splitlines()[0]}")
        folder = tempfile.mkdtemp(prefix="goals-", dir=base)
        # Postgres runs as another user, in a folder inside.
        pathlib.Path(folder).chmod(0o755)
        try:
            module.run(chosen, folder, settings, verdicts)
        except (load.Trouble, servers.Trouble) as trouble:
            # The other goals are measured all the same; hours may lie behind and before.
            verdicts.judge(" ".join(chosen).upper(), "a measurement", str(trouble), False)
            failed = True
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if options.json:
            document = {"machine": description, "settings": vars(settings),
                        "verdicts": verdicts.lines, "measured": verdicts.records}
            pathlib.Path(options.json).write_text(json.dumps(document, indent=1) + "\n")
    print(verdicts.table(), flush=True)
    return 1 if failed else 0


def parse(words):
    parser = argparse.ArgumentParser(prog="Benchmarks/goals", description=__doc__)
    parser.add_argument("goals", nargs="*", metavar="GOAL", help=" ".join(GOALS) + "; all without a name")
    parser.add_argument("--quick", action="store_true", help="once and briefly, to see that it works")
    parser.add_argument("--json", metavar="FILE", help="every round, for other programs")
    parser.add_argument("--folder", default="Benchmarks/.build/data", help="a disk, not memory")
    for name, kind in Settings.__annotations__.items():
        if kind in (int, float):
            parser.add_argument("--" + name.replace("_", "-"), type=kind)
    parser.add_argument("--text", action="store_true", default=None, help="data that compresses")
    options = parser.parse_args(words)
    options.goals = options.goals or GOALS
    unknown = [goal for goal in options.goals if goal not in GOALS]
    if unknown:
        parser.error(f"no goal is called {unknown[0]}: {' '.join(GOALS)}")
    return options


if __name__ == "__main__":
    # Ended from outside, it still ends its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Benchmarks/goals: ended"))
    try:
        sys.exit(main())
    except (load.Trouble, servers.Trouble) as trouble:
        sys.exit(f"Benchmarks/goals: {trouble}")
