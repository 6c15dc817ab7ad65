"""How long and how much; --quick shows that everything works and measures nothing."""
import dataclasses


@dataclasses.dataclass
class Settings:
    rounds: int = 3
    warm_up: float = 5
    seconds: float = 20
    # Events in a log before anything is measured.
    filled: int = 1_000_000
    # G7: events of the longer log. G8: events of both.
    recovered: int = 10_000_000
    stored: int = 5_000_000
    subscribers: int = 1000
    # Syncs of one probe of the disk.
    probes: int = 200
    # Milliseconds that a sync takes at least, for both sides alike; 0 leaves the disk as it is.
    sync_floor: float = 0
    bytes: int = 128
    text: bool = False
    seed: int = 1
    folder: str = ""
    postgres: str = ""
    library: str = ""

    @staticmethod
    def quick():
        return Settings(rounds=1, warm_up=1, seconds=2, filled=20_000, recovered=100_000, stored=100_000,
                        subscribers=100, probes=50)

    def of_load(self):
        """What every client is told."""
        return {"bytes": self.bytes, "text": self.text, "seed": self.seed}
