"""Takes the pictures of the README from a demo of its own: `make screens`, or `python -m tests.screens desk`."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, StorageState, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 200 * 1024
PATIENCE_S = 120.0
LEFT = 120  # messages that nobody has looked at, for the picture of the desk
TASK = "/tasks/1/"
WIDE, PHONE = (1280, 800), (390, 844)

# Messages that are not among the demo's own, and two rows that can't come in.
FILE = """id,subject,text,channel
f-01,Wrong colour,"I ordered the rain jacket in green, but a red one came. How do I send it back?",mail
f-02,Invoice,Could you send me an invoice with our company's address on it?,form
f-03,Where is it,"Order 48112 was to come on Friday. It is Tuesday now, and we leave tomorrow.",chat
f-04,,,mail
f-05,Sleeping bag,Does the Nordlys sleeping bag come in a long version?,mail
f-06,Zip,The zip of the tent broke on the first night. Can it be repaired?,mail
f-07,Login,I can't sign in since you changed the shop. The link in the mail does nothing.,chat
f-08,Size,The boots pinch. May I change them for half a size more?,fax
f-09,Address,"Please send order 48120 to my office instead, the street is the same.",form
f-10,Third time,"This is the third time I write about the torn strap, and nobody answers.",mail
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: who looks at what, how wide, light or dark."""

    name: str
    show: Callable[[Page], object]
    who: str = "admin"
    size: tuple[int, int] = WIDE
    scheme: Literal["light", "dark"] = "light"


def slider(page: Page) -> None:
    page.goto(TASK)


def desk(page: Page) -> None:
    """Take an item, and skip on to one where a field stands out; a page taken again shows the same one."""
    page.goto("/desk/")
    take, skip = page.get_by_role("button", name="Take the next item"), page.locator("[data-key='s']")
    if take.count():
        take.click()
    for _ in range(35):
        skip.wait_for()
        if not page.get_by_text("No field stands out").count():
            break
        with page.expect_response("**/skip"):
            skip.click()
        page.wait_for_load_state("networkidle")


def item(page: Page) -> None:
    page.goto(f"{TASK}items/?show=people")
    page.locator("main a[href^='/items/']").first.click()
    page.wait_for_load_state()


def imported(page: Page) -> None:
    """The file comes in once; every later picture finds it there."""
    page.goto(f"{TASK}import")
    page.set_input_files("#file", {"name": "october.csv", "mimeType": "text/csv", "buffer": FILE.encode()})
    page.get_by_role("button", name="Examine", exact=True).click()
    page.get_by_role("button", name="Bring 10 rows in").click(timeout=PATIENCE_S * 1000)
    page.locator("#progress .notice-success").wait_for()


def quality(page: Page) -> None:
    page.goto(f"{TASK}quality")


def fleet(page: Page) -> None:
    page.goto("/fleet/")


# What the guard does, moment by moment: each picture is taken once its moment has come.
UNKNOWN = (Picture("guard-1-not-known", slider),)
PULLED_BACK = (
    Picture("guard-3-pulled-back", slider),
    Picture("guard-3-pulled-back-phone-dark", slider, size=PHONE, scheme="dark"),
    Picture("guard-3-quality", quality),
)
RECOVERED = (Picture("guard-4-recovered", slider), Picture("guard-4-quality", quality))

SHOTS = (
    Picture("guard-2-allowed", slider),
    Picture("quality", quality),
    Picture("home", lambda page: page.goto("/")),
    Picture("slider", slider),
    Picture("slider-dark", slider, scheme="dark"),
    Picture("slider-phone", slider, size=PHONE),
    Picture("import", imported),
    Picture("desk", desk, who="reviewer"),
    Picture("desk-dark", desk, who="reviewer", scheme="dark"),
    Picture("desk-phone", desk, who="reviewer", size=PHONE),
    Picture("item", item),
    Picture("fleet", fleet),
)


def main(wanted: Sequence[str]) -> None:
    """Take the pictures whose names begin with one of `wanted`, or all."""
    story = (UNKNOWN, SHOTS, PULLED_BACK, RECOVERED)
    chosen = [[shot for shot in part if _is_wanted(shot, wanted)] for part in story]
    if not any(chosen):
        names = ", ".join(shot.name for part in story for shot in part)
        sys.exit(f"There is no picture called {wanted[0]!r}; there are {names}.")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("There is no Chromium on this machine. Install it, for instance with: apt-get install chromium")
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="slider-screens-") as folder, demo(Path(folder) / ".slider") as home:
        password = begun()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            people = {shot.who for part in chosen for shot in part}
            doors = {who: signed_in(browser, who, home=home, password=password) for who in people}
            for part, happens in zip(chosen, (answered, lived_in, gone_bad, good_again), strict=True):
                happens()
                for shot in part:
                    take(shot, browser, home=home, door=doors[shot.who])
                if not any(chosen[chosen.index(part) + 1 :]):
                    break


def _is_wanted(shot: Picture, wanted: Sequence[str]) -> bool:
    return not wanted or any(shot.name.startswith(start) for start in wanted)


@contextmanager
def demo(state: Path) -> Iterator[str]:
    """Run a demo in a folder of its own and give its address; settings of this process point at it too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ["SLIDER_STATE_DIR"] = str(state)
    os.environ["DJANGO_SETTINGS_MODULE"] = "slider.settings"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # between pictures the browser has an event loop in this thread
    command = [sys.executable, "manage.py", "demo", f"--port={port}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    try:
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Start afresh"):
                break
        else:
            sys.exit(f"The demo did not start:\n{said}")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def begun() -> str:
    """Wait until the workers have answered everything; gives the password."""
    import django

    django.setup()
    from django.conf import settings

    from slider.management.local import logins, progress

    until(lambda: progress.read().is_idle, "the workers finish")
    return logins.password(settings.ENV.SLIDER_STATE_DIR)


def answered() -> None:
    """The workers have answered everything; nobody has looked yet."""


def lived_in() -> None:
    """Let the reviewers work, end the trial once evidence allows its share, and leave some looks for the desk."""
    from django.core.management import call_command

    from slider.flow import intake, steer
    from slider.management.commands.seed_demo import SHARE, messages
    from slider.management.local import progress
    from slider.models import Gauge, Membership, Mode, Role

    for _ in range(6):
        call_command("demo_stream", items=400, per_second=40.0)
        if Gauge.objects.filter(policy__allowed__gte=SHARE).exists():
            break
    until(lambda: Gauge.objects.filter(policy__allowed__gte=SHARE).exists(), "the verdicts allow the share asked for")
    task = Gauge.objects.get().task
    steer.apply(
        task.pk,
        share=SHARE,
        mode=Mode.GUARDED,
        reason="the evidence is there: no more trial",
        by=Membership.objects.get(role=Role.TUNER).user_id,
    )
    rows = [intake.Row(body, f"{name}~left") for name, body in messages()[-LEFT:]]
    intake.add(task, rows, origin="the demo", by=None)
    until(lambda: progress.read().is_idle, "the workers finish")


def gone_bad() -> None:
    """The model gets worse in silence; the guard finds out by itself."""
    from django.core.management import call_command

    from slider.models import Act, ActKind

    call_command("demo_stream", items=600, per_second=20.0)
    call_command("demo_stream", items=400, per_second=20.0, regress=0.5)
    until(lambda: Act.objects.filter(kind=ActKind.PULLED_BACK).exists(), "the guard pulls back")


def good_again() -> None:
    """The fault is gone; new evidence opens the slider again."""
    from django.core.management import call_command

    from slider.models import Gauge

    for _ in range(6):
        call_command("demo_stream", items=300, per_second=20.0)
        if Gauge.objects.filter(policy__effective__gt=0).exists():
            return
    until(lambda: Gauge.objects.filter(policy__effective__gt=0).exists(), "the slider opens again")


def until(reached: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not reached():
        if time.monotonic() > end:
            sys.exit(f"Waited {PATIENCE_S:.0f} seconds until {what}, in vain.")
        time.sleep(0.5)


def signed_in(browser: Browser, who: str, *, home: str, password: str) -> StorageState:
    """Sign in once; each picture of this person starts from the cookies that it gave."""
    context = browser.new_context(base_url=home)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("Name").fill(who)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    door = context.storage_state()
    context.close()
    return door


def take(shot: Picture, browser: Browser, *, home: str, door: StorageState) -> None:
    width, height = shot.size
    context = browser.new_context(
        base_url=home,
        viewport={"width": width, "height": height},
        color_scheme=shot.scheme,
        reduced_motion="reduce",
        storage_state=door,
    )
    page = context.new_page()
    shot.show(page)
    page.wait_for_load_state("networkidle")
    path = PICTURES / f"{shot.name}.png"
    page.screenshot(path=path)
    context.close()
    size = path.stat().st_size
    if size > MOST_BYTES:
        sys.exit(f"{path.name} has {size:,} bytes; a picture of the README has at most {MOST_BYTES:,}.")
    sys.stdout.write(f"{path.relative_to(ROOT)}  {size:,} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
