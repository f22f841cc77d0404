"""Every page, as whoever sees most of it: axe finds nothing, all fits in its width, and no policy is broken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from slider.flow import asking, endpoints, erasing, handing, known, operate, presence, steer
from slider.flow import imports as importing
from slider.models import (
    Batch,
    BatchState,
    Circuit,
    Delivery,
    Endpoint,
    EventType,
    FallbackOn,
    Import,
    Item,
    Membership,
    Mode,
    Parcel,
    Review,
    ReviewKind,
    Stance,
    Task,
    Try,
    Verdict,
    Worker,
)
from slider.models.endpoint import WANTABLE
from tests import casts, evidence, files_out, pasts
from tests.browser.conftest import Faults, SignIn

pytestmark = pytest.mark.django_db(transaction=True)

SAID = {"topic": "refund", "urgent": False, "amount": 12, "reply": "We have refunded 12 euro. It will show soon."}
OTHER = SAID | {"topic": "other", "reply": "We offer a voucher. It will show soon."}
FILE = b"id,subject,text,orders\nr1,One,Some text,1\nr2,Two,,2\nr3,Three,Some text,many\n"
LONG = "An unusually-long_word_that_nobody_ever_writes_but_some_machine_does_all_the_same " * 4


@dataclass(frozen=True, slots=True)
class Stage:
    """Three tasks, in trial, held by evidence and pulled back, with what their pages need to have something to show."""

    addresses: list[str]
    refused: list[str]  # pages that say no, for the reviewer
    admin: User
    reviewer: User


@pytest.fixture
def stage() -> Stage:
    cast = casts.company(staffed_hours=0.1)
    guarded = casts.task(
        cast.project, by=cast.admin, share=0.8, mode=Mode.GUARDED, name="Read invoices", slug="read", staffed_hours=8
    )
    held = casts.task(cast.project, by=cast.admin, share=0.5, name="Write replies", slug="write")
    item = casts.one(cast.task, "m1", casts.says(SAID, others=[OTHER, SAID], p=0.5), subject=LONG[:150], text=LONG)
    steer.apply(cast.task.pk, share=0.4, mode=Mode.TRIAL, reason="Try", by=cast.admin.pk)
    for task in (cast.task, guarded):
        evidence.prove(task, right=900, wrong=200, up_to=0.6)
    own_work = _looks_at_people(held, cast)
    steer.pull_back(held.pk, reason="Two went wrong", by=cast.admin.pk)
    erased = _erased(cast, item)
    brought = _bring_in(cast)
    names = ("items", "item-new", "import", "task-settings", "privacy", "worker", "quality", "notices")
    own = [reverse(name, args=[cast.task.pk]) for name in names]
    first = ["/", reverse("own-api-keys"), reverse("api-v1:docs"), *_sliders(cast.task, guarded, held), *own_work]
    of_project = [reverse(name, args=[cast.project.slug]) for name in ("task-new", "keys", "people", "log", "subject")]
    return Stage(
        [
            *first,
            *_histories(cast),
            *own,
            *of_project,
            *erased,
            *_receivers(cast),
            *_files(cast),
            f"/items/{item.pk}/",
            f"/imports/{brought.pk}/",
        ],
        [reverse("worker", args=[cast.task.pk]), "/items/999999/"],
        cast.admin,
        cast.reviewer,
    )


def _erased(cast: casts.Company, item: Item) -> list[str]:
    """An item of which nothing is left, and the page before that of another."""
    Task.objects.filter(pk=cast.task.pk).update(redaction={"detect": ["email"], "masked": ["/subject"]})
    gone = casts.one(cast.task, "gone", casts.says(SAID), subject=LONG[:150], text=LONG)
    erasing.erase(gone.pk, by=cast.admin.pk, words=LONG[:240])
    return [f"/items/{gone.pk}/", reverse("erase", args=[gone.pk]), reverse("erase", args=[item.pk])]


def _looks_at_people(task: Task, cast: casts.Company) -> list[str]:
    """A person's known answers, right and wrong, an item where two people disagree, and the pages that tell of them."""
    Task.objects.filter(pk=task.pk).update(second_rate=1.0, undo_s=0)
    item = casts.one(task, "k1", casts.says(SAID), subject=LONG[:150], text=LONG)
    casts.decide(cast.reviewer, task)
    casts.decide(cast.colleague, task, verdict=Verdict.FIX, answer=OTHER, note=LONG)
    item.refresh_from_db()
    known.mark(item, draft_right=False, words=LONG, by=cast.colleague.pk)
    Review.objects.create(item=item, task=task, kind=ReviewKind.KNOWN)
    casts.decide(cast.admin, task)
    yesterday = timezone.now() - timedelta(days=1)
    Review.objects.filter(kind=ReviewKind.KNOWN).update(taken_at=yesterday, decided_at=yesterday)
    return ["/my-work", "/my-keys", reverse("reviewers", args=[task.pk]), f"/items/{item.pk}/"]


def _receivers(cast: casts.Company) -> list[str]:
    """A receiver in trouble with all that can be long, and what it did not take."""
    task = casts.task(cast.project, by=cast.admin, name="Tell others", slug="tell")
    url = "https://" + "receiver." * 20 + "example.org/a"
    door = endpoints.make(task, url=url, description=LONG[:110], events=[*map(str, WANTABLE)]).endpoint
    endpoints.make(task, url="https://hooks.example.org/b")
    casts.one(task, "h1", casts.says(SAID), subject="One", text="Two")
    casts.decide(cast.reviewer, task)
    Parcel.objects.filter(endpoint=door).update(state=Delivery.FAILED, tries=8, last_problem=LONG[:190])
    parcel = Parcel.objects.get(endpoint=door, event=EventType.FINISHED)
    said = {"status": 500, "took_ms": 912, "problem": LONG[:190], "said": LONG * 3}
    for number in (1, 2):
        Try.objects.create(parcel=parcel, endpoint=door, number=number, **said)
    Endpoint.objects.filter(pk=door.pk).update(
        disabled_at=timezone.now(), disabled_why=LONG[:190], failing_since=timezone.now(), failures=7
    )
    one = [reverse(name, args=[door.pk]) for name in ("webhook", "webhook-replay")]
    return [reverse("webhooks", args=[task.pk]), *one, reverse("webhook-delivery", args=[door.pk, parcel.pk])]


def _files(cast: casts.Company) -> list[str]:
    """A file that waits for a word, and one on its way out."""
    file = b"Ticket," + LONG.encode()[:100] + b",orders\nr1,One,1\nr2,,2\nr3,Three,many\n"
    asked = asking.receive(cast.task, name=LONG[:90] + ".csv", stream=BytesIO(file), by=cast.admin.pk)
    importing.run(asked.pk)
    made = files_out.made(cast.task, by=cast.admin)
    waits = files_out.asked(cast.task, by=cast.admin)
    shown = [reverse("export-show", args=[one.pk]) for one in (made, waits)]
    return [f"/imports/{asked.pk}/", reverse("export", args=[cast.task.pk]), *shown]


def _fleet(cast: casts.Company) -> list[str]:
    """The board of a fleet in trouble: a machine with long names, something paused, something stuck."""
    User.objects.filter(pk=cast.admin.pk).update(is_superuser=True)
    task = casts.task(cast.project, by=cast.admin, name=LONG[:110], slug="stuck")
    casts.one(task, LONG[:90], casts.fails(detail=LONG[:200]))
    Worker.objects.filter(task=task).update(trouble=LONG[:250], daily_budget=1, requests_per_min=60)
    host = LONG[:60].replace(" ", "-")
    presence.show(presence.Life(host, 7, f"work@{host}", "work", task.pk, "reader", 12, 4))
    for target in (operate.Target(task.pk, "reader"), operate.Target(host=host)):
        operate.stand(target, Stance.DRAINING, by=cast.admin.pk, reason=LONG)
    of_task = reverse("fleet-task", args=[task.pk])
    dry = reverse("fleet-requeue", args=[task.pk]) + "?what=no_answer"
    return [reverse("site-log"), reverse("fleet"), of_task, dry, reverse("fleet-host", args=[host])]


def _bring_in(cast: casts.Company) -> Import:
    brought = importing.receive(cast.task, name="rows.csv", stream=BytesIO(FILE), by=cast.admin.pk)
    importing.run(brought.pk)
    return brought


def _histories(cast: casts.Company) -> Iterator[str]:
    """One that is ready, one that is the wrong way round, one of several models, one in force; and the door."""
    made = pasts.rows(300)
    flipped = [row | {"correct": 1 - row["correct"]} for row in made]
    mixed = [row | {"model": f"{LONG[:60]} {n % 3}", "odd " + LONG[:150]: 1} for n, row in enumerate(made)]
    ordered = sorted(made, key=lambda row: row["correct"])
    for content in (ordered + made[:3], flipped, mixed):
        past = pasts.bring(
            cast, pasts.jsonl([*content, {"id": LONG[:90], "correct": "perhaps"}]), f"{LONG[:100]}.jsonl"
        )
        yield reverse("history-show", args=[past.pk])
    yield reverse("history-show", args=[pasts.confirm(pasts.bring(cast, pasts.jsonl(pasts.rows(900))), cast).pk])
    yield reverse("history", args=[cast.task.pk])


def _sliders(trial: Task, guarded: Task, held: Task) -> Iterator[str]:
    for task in (trial, guarded, held):
        yield reverse("slider", args=[task.pk])
    yield reverse("slider", args=[guarded.pk]) + "?scale=nines&percent=95&mode=trial&routine=shown"


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["wide", "phone"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param  # type: ignore[no-any-return]  # pytest types no parameter


@pytest.fixture
def fit(size: tuple[int, int], check_both_schemes: Callable[[Page], None]) -> Callable[[Page], None]:
    """Check the page that is open, at this size."""

    def check(page: Page) -> None:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        check_both_schemes(page)

    return check


def test_every_page_fits_everybody(stage: Stage, sign_in: SignIn, fit: Callable[[Page], None]) -> None:
    page = sign_in(stage.admin)
    for address in stage.addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
        fit(page)


def test_the_fleet_fits_everybody(sign_in: SignIn, fit: Callable[[Page], None]) -> None:
    cast = casts.company()
    addresses = _fleet(cast)
    page = sign_in(cast.admin)
    for address in addresses:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        fit(page)


def _whims(cast: casts.Company) -> list[str]:
    """A worker whose endpoint is out, which sends batches and has a fallback in trouble; all with long words."""
    first = cast.worker
    Worker.objects.filter(pk=first.pk).update(fallback_on=FallbackOn.values, hedge=True)
    Worker.objects.create(task=cast.task, name=LONG[:80], model="m" * 80, rung=2, trouble=LONG[:250])
    now = timezone.now()
    endpoint = {"base_url": settings.ENV.OPENAI_BASE_URL, "model": first.model, "key_name": first.key_name}
    Circuit.objects.create(**endpoint, points=40, reason=LONG[:290], opened_at=now, probe_at=now, apart=True)
    Batch.objects.create(worker=first, problem=LONG[:300], tries=3)
    Batch.objects.create(worker=first, state=BatchState.ENDED, ended_at=now, sent_at=now, ending=LONG[:300])
    return [reverse(name, args=[cast.task.pk]) for name in ("worker", "fallback")]


def test_the_whims_of_an_endpoint_fit_everybody(sign_in: SignIn, fit: Callable[[Page], None]) -> None:
    cast = casts.company()
    addresses = _whims(cast)
    page = sign_in(cast.admin)
    for address in addresses:
        page.goto(address)
        assert "No usable answer since" in page.content() or address.endswith("fallback")
        page.evaluate("for (const fold of document.querySelectorAll('main details')) fold.open = true")
        fit(page)


def test_the_desk_fits_everybody(stage: Stage, sign_in: SignIn, fit: Callable[[Page], None]) -> None:
    page = sign_in(stage.reviewer)
    page.goto("/desk/")
    expect(page.locator(".alternatives").first).to_be_visible()
    fit(page)
    for key, form in (("h", "handing"), ("f", "flagging")):
        page.locator(f"[data-key='{key}']").click()
        expect(page.locator(f".desk-bar-row.{form}")).to_be_visible()
        fit(page)
        page.keyboard.press("Escape")
    page.locator("[data-key='a']").click()
    expect(page.locator(".desk-empty")).to_be_visible()
    fit(page)
    page.goto("/desk/tasks")
    fit(page)


def test_what_a_lead_settles_fits_everybody(stage: Stage, sign_in: SignIn, fit: Callable[[Page], None]) -> None:
    project = Membership.objects.get(user=stage.admin).project
    task = casts.task(project, by=stage.admin, name="Twice", slug="twice", looks=2, undo_s=0)
    casts.one(task, "t1", casts.says(SAID), subject=LONG[:150], text=LONG)
    casts.decide(stage.reviewer, task)
    held = casts.take(User.objects.get(username="colleague"), task)
    handing.flag(held.pk, user_id=held.holder_id or 0, token=held.token, note=LONG)
    handing.assign(held.pk, to=held.holder_id, by=stage.admin.pk, note=LONG)
    casts.decide(User.objects.get(username="colleague"), task, verdict=Verdict.FIX, answer=OTHER, note=LONG)
    page = sign_in(stage.admin)
    page.goto(f"/desk/?task={task.pk}")
    expect(page.locator(".peers")).to_be_visible()
    fit(page)


def test_the_pages_that_say_no_fit_everybody(
    stage: Stage, sign_in: SignIn, fit: Callable[[Page], None], faults: Faults
) -> None:
    faults.expect("40[34]")
    page = sign_in(stage.reviewer)
    for address in stage.refused:
        page.goto(address)
        fit(page)


def test_the_door_fits_everybody(page: Page, fit: Callable[[Page], None]) -> None:
    page.goto("/login")
    fit(page)
