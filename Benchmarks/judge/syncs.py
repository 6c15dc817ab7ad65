"""What a preloaded counter saw: see sync_counter.c."""
import os
import pathlib
import struct
import subprocess

KINDS = ("fsync", "fdatasync", "msync", "sync_file_range")
PAGE = struct.Struct("<4Q Q 256Q")


def build(folder):
    """Compiles the counter; answers the library's path."""
    source = pathlib.Path(__file__).with_name("sync_counter.c")
    library = pathlib.Path(folder).resolve() / "sync_counter.so"
    if not library.exists() or library.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(["cc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source],
                       check=True)
    return library


class Counter:
    """A page that a program and its children count into."""

    def __init__(self, path, library):
        self.path = pathlib.Path(path).resolve()
        self.path.write_bytes(bytes(PAGE.size))
        # A server may run as another user.
        os.chmod(self.path, 0o666)
        self.environment = {"LD_PRELOAD": str(library), "WEAVE_SYNC_COUNTER": str(self.path)}

    def read(self):
        return PAGE.unpack(self.path.read_bytes())

    @staticmethod
    def between(before, after):
        """Counts, and milliseconds at percentiles, of what came between two readings."""
        change = [late - early for early, late in zip(before, after)]
        waited = change[0] + change[1] + change[2]
        found = {kind: count for kind, count in zip(KINDS, change)}
        found["waited"] = waited
        for percent in (50, 95):
            found[f"p{percent}"] = Counter._value(change[5:], waited * percent / 100)
        return found

    @staticmethod
    def _value(buckets, rank):
        passed = 0
        for bucket, count in enumerate(buckets):
            passed += count
            if count and passed >= rank:
                octave, part = divmod(bucket + 64, 8)
                # The middle of the bucket, an eighth of an octave wide.
                return (1 << octave) * (1 + (part + 0.5) / 8) / 1e6
        return 0.0
