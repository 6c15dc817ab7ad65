"""The goals of the event log's performance: ours and a yardstick, in turns, on one machine."""
