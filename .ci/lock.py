"""Makes the lock files with hashes, and says without a network whether they belong to their sources.

    python .ci/lock.py make     resolve again, keeping what is pinned unless a source asks otherwise
    python .ci/lock.py upgrade  resolve again to the newest releases
    python .ci/lock.py check    fail when a source changed since its lock was made

A newer release on the index never makes `check` fail; a changed source always does.
"""

import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARK = "# Made by `make lock`; SHA-256 of its sources: "
PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)(?:\[[^]]*\])?==\S+", re.MULTILINE)
ASKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Lock:
    """One lock file and what it is made from."""

    path: Path
    source: Path
    also: tuple[Path, ...] = ()

    def digest(self) -> str:
        parts = [path.read_bytes() for path in (self.source, *self.also)]
        return hashlib.sha256(b"\0".join(parts)).hexdigest()

    def problems(self) -> list[str]:
        """What is wrong with the lock, a sentence each."""
        text = self.path.read_text()
        found = []
        if not text.startswith(MARK + self.digest() + "\n"):
            names = " or ".join(path.name for path in (self.source, *self.also))
            found.append(f"{self.path.name} is not current: {names} changed since. Run `make lock`.")
        pinned = set(PIN.findall(text))
        for name in ASKED.findall(self.source.read_text()):
            if re.sub(r"[._]", "-", name).lower() not in pinned:
                found.append(f"{self.path.name} does not pin {name}, which {self.source.name} asks for.")
        pins = [block for block in re.split(r"\n(?=\S)", text) if PIN.match(block)]
        found += [
            f"{self.path.name} pins {block.split()[0]} without a hash. Run `make lock`."
            for block in pins
            if "--hash=sha256:" not in block
        ]
        if "://" in text:
            found.append(f"{self.path.name} names an address: pip's own settings decide where packages come from.")
        return found

    def make(self, *options: str) -> None:
        command = ["uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-header", "--universal"]
        command += ["--python-version=3.11", f"--output-file={self.path.name}", *options, self.source.name]
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        body = "".join(line for line in self.path.read_text().splitlines(keepends=True) if not line.startswith(MARK))
        self.path.write_text(f"{MARK}{self.digest()}\n{body}")


def locks(root: Path = ROOT) -> tuple[Lock, ...]:
    """The lock of what Slider runs on, then that of what tests it, which follows the first."""
    run = Lock(root / "requirements.txt", source=root / "requirements.in")
    return run, Lock(root / "requirements-dev.txt", source=root / "requirements-dev.in", also=(run.path,))


def main(verb: str) -> int:
    if verb == "check":
        found = [problem for lock in locks() for problem in lock.problems()]
        print("\n".join(found) or "The lock files are current.")
        return 1 if found else 0
    for lock in locks():
        lock.make(*(["--upgrade"] if verb == "upgrade" else []))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
