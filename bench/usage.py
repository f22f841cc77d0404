"""What processes have used so far, read from Linux's /proc."""

import os
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and all below it, those that have ended included."""
    while True:
        try:
            return sum(sum(map(int, _fields(member)[11:15])) for member in tree(pid)) / _TICKS
        except (FileNotFoundError, ProcessLookupError):  # one ended in between: its time stands at its parent by now
            _fields(pid)  # raises where it was the process itself


def rss_mb(pid: int) -> float:
    """The memory of the largest process of the tree, in MB."""
    pages = [int((_PROC / str(member) / "statm").read_text().split()[1]) for member in tree(pid)]
    return max(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6


def idle_s() -> float:
    """Seconds that the machine's cores have idled so far, all together."""
    return float((_PROC / "uptime").read_text().split()[1])


def whole_mb(pid: int) -> float:
    """The memory of all processes of the tree, in MB: what they share with others is counted by its share."""
    rollups = [(_PROC / str(member) / "smaps_rollup").read_text() for member in tree(pid)]
    return sum(int(line.split()[1]) for text in rollups for line in text.splitlines() if line.startswith("Pss:")) / 1e3


def tree(pid: int) -> list[int]:
    """A process and its descendants that live now."""
    parents = {}
    for entry in _PROC.glob("[0-9]*"):
        try:
            parents[int(entry.name)] = int(_fields(int(entry.name))[1])
        except (FileNotFoundError, ProcessLookupError):  # ended meanwhile
            continue
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found


def _fields(pid: int) -> list[str]:
    """The fields of /proc/pid/stat from the third on; the second is a name that may hold anything."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
