"""The operator's board: one page for everything that runs, whole or as the piece that a page asks for anew."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from slider.queries import fleet, fleet_hosts, fleet_tasks
from slider.views import access


@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Stages, tasks, workers, machines, what is stuck, and what was done."""
    reach = access.reach(request)
    board = fleet.board(reach.projects)
    piece = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
    context = {
        "board": board,
        "most": fleet_tasks.bound(len(board.tasks)),
        "silent_s": fleet_hosts.SILENT_S,
    }
    return render(request, "fleet/_board.html" if piece else "fleet/show.html", context)
