"""`python -m bench.desk_browser`: a reviewer who uses nothing but keys, in a real Chromium, with a slow line.

From the key that decides to the next item painted, measured in the page. Each verdict is held against the item that was
in sight when its key went down.
"""

import argparse
import json
import random
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize, sync_playwright

from bench.place import place, set_up
from bench.recording import Recording

SIZE = ViewportSize(width=1280, height=800)
ITEMS, WAITING = 4000, 1200
PATIENCE_MS = 15_000
RECORDED = 5  # items

# Runs before the page's own scripts. It only looks: what is painted, when, and whether anybody used a mouse.
WATCH = """
(() => {
  const told = { swaps: [], mouse: 0, pressed: null, shown: null };
  window.benchTold = told;
  for (const kind of ["mousedown", "pointerdown", "touchstart"])
    addEventListener(kind, () => { told.mouse += 1; }, true);
  addEventListener("keydown", event => {
    if (!event.repeat) told.pressed = { at: event.timeStamp, key: event.key, review: told.shown };
  }, true);
  const look = () => {
    const sheet = document.querySelector("#desk-piece article.sheet");
    const review = sheet ? sheet.dataset.review : null;
    if (review === told.shown) return;
    const before = told.shown, pressed = told.pressed;
    told.shown = review;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();  // after the paint that this frame leads to
      channel.port1.onmessage = () => {
        const took = pressed && pressed.review === before ? performance.now() - pressed.at : null;
        told.swaps.push({ review, before, took, key: pressed && pressed.key });
      };
      channel.port2.postMessage(null);
    });
  };
  addEventListener("DOMContentLoaded", () => {
    new MutationObserver(look).observe(document.documentElement, { childList: true, subtree: true });
    look();
  });
})();
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the reviewer is: seconds an item at least and at most."""

    least_s: float
    most_s: float


def main(arguments: Sequence[str]) -> None:
    given = options(arguments)
    with place() as here:
        set_up()
        from bench import waiting
        from bench.desk import PASSWORD, serve

        waiting.tasks(ITEMS, waiting=WAITING, people=1, password=PASSWORD)
        address, _ = serve(here)
        pace = Pace(*given.pace)
        recording = Recording(given.record) if given.record else None
        with chromium(given.latency) as page:
            pressed, told = review(page, address, given.items, pace, recording)
        found = judged(pressed, told)
    if recording is not None:
        recording.save()
    say(
        f"{found['items']} items by keys alone, {given.latency} ms round trip, {pace.least_s}-{pace.most_s} s an item: "
        f"next item painted after {found['p50_ms']:.1f} ms (p50), {found['p95_ms']:.1f} (p95), {found['max_ms']:.1f} "
        f"(most); {found['mouse']} mouse events; {found['right']} verdicts stand as pressed, {found['other']} do not."
    )
    if given.json:
        print(json.dumps(found, indent=1))


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.desk_browser", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--latency", type=float, default=60.0, help="Milliseconds of every round trip.")
    parser.add_argument("--pace", type=float, nargs=2, default=(0.5, 1.0), help="Seconds an item, least and most.")
    parser.add_argument("--record", type=Path, help="Write a short moving picture of it here (WebP).")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


@contextmanager
def chromium(latency_ms: float) -> Iterator[Page]:
    """A fresh browser on a line with this round trip."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        raise SystemExit("There is no Chromium on this machine (Debian: apt install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_context(viewport=SIZE).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(WATCH)
        line = page.context.new_cdp_session(page)
        line.send("Network.enable")
        line.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": latency_ms, "downloadThroughput": -1, "uploadThroughput": -1},
        )
        yield page
        browser.close()


Pressed = list[tuple[str, str]]  # review in sight, verdict of the key


def review(
    page: Page, address: str, items: int, pace: Pace, recording: Recording | None
) -> tuple[Pressed, dict[str, Any]]:
    """Sign in by keys, take, and decide so many items: most are accepted, some rejected with a reason."""
    from bench.desk import PASSWORD

    page.goto(f"{address}/login?next=/desk/")
    page.keyboard.type("reviewer-0")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#desk")
    if not page.locator("#desk-piece article.sheet").count():
        page.get_by_role("button", name="Take the next item").focus()
        page.keyboard.press("Enter")
    page.wait_for_selector("#desk-piece article.sheet")
    chance, pressed = random.Random(17), Pressed()
    for number in range(items):
        page.wait_for_timeout(1000 * chance.uniform(pace.least_s, pace.most_s))
        shown = page.evaluate("window.benchTold.shown")
        if recording is not None and number < RECORDED:
            recording.add(page, 0.7)
        if chance.random() < 0.15:
            page.keyboard.press("r")
            if recording is not None and number < RECORDED:
                recording.add(page, 0.5)
            page.keyboard.press("1")
            pressed.append((shown, "reject"))
        else:
            page.keyboard.press("a")
            pressed.append((shown, "accept"))
        page.wait_for_function("before => window.benchTold.shown !== before && window.benchTold.shown", arg=shown)
    page.wait_for_timeout(3000)  # the last ones are on their way
    return pressed, page.evaluate("window.benchTold")


def judged(pressed: Pressed, told: dict[str, Any]) -> dict[str, Any]:
    """Hold each key against the database. Raises RuntimeError when a swap went unmeasured."""
    from slider.models import Review

    stand = dict(Review.objects.filter(state="decided", holder__username="reviewer-0").values_list("pk", "verdict"))
    right = sum(stand.get(int(shown)) == verdict for shown, verdict in pressed)
    swaps = sorted(swap["took"] for swap in told["swaps"] if swap["took"] is not None and swap["review"])
    if len(swaps) < len(pressed) - 1:
        raise RuntimeError(f"Of {len(pressed)} swaps {len(swaps)} were measured")
    return {
        "items": len(pressed),
        "p50_ms": swaps[len(swaps) // 2],
        "p95_ms": swaps[len(swaps) * 95 // 100],
        "max_ms": swaps[-1],
        "mouse": told["mouse"],
        "right": right,
        "other": len(pressed) - right + len(set(stand) - {int(shown) for shown, _ in pressed}),
    }


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
