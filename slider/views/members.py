"""Who is in a project: its admins invite people, give roles and take them away, and switch people off."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from slider.flow import account_letters, invitations, members, persons, second_steps
from slider.models import Invitation, Membership, Project, Role
from slider.queries import charge, ways_in
from slider.views import access

HOLDS = {"1": "one day", "7": "one week", "30": "30 days"}


class InviteForm(forms.Form):
    """An invitation."""

    role = forms.ChoiceField(choices=Role.choices, initial=Role.REVIEWER)
    email = forms.EmailField(
        label="E-mail", required=False, help_text="Then only its owner gets in. Empty: whoever has the link, once."
    )
    days = forms.ChoiceField(label="Holds", choices=list(HOLDS.items()), initial="7")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """The people of a project and what is open; a POST invites somebody."""
    project = access.project_or_404(request, slug, "administer")
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, project, form, status=422 if form.is_bound else 200)
    said = form.cleaned_data
    made = invitations.make(
        project, role=Role(said["role"]), email=said["email"], days=int(said["days"]), by=access.person(request).pk
    )
    return _page(request, project, InviteForm(), made=made)


@require_POST
def withdraw(request: HttpRequest, slug: str, invitation_id: int) -> HttpResponse:
    """End an invitation."""
    project = access.project_or_404(request, slug, "administer")
    found = Invitation.objects.filter(project=project, pk=min(invitation_id, access.BIGGEST_ID)).first()
    if found is None:
        raise Http404("There is no such invitation to this project.")
    if invitations.withdraw(found):
        messages.success(request, "Withdrawn: the link lets nobody in any more.")
    else:
        messages.info(request, "It was accepted or withdrawn already.")
    return HttpResponseRedirect(reverse("members", args=[project.slug]))


@require_POST
def role(request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
    """Give somebody another role; the empty one takes them out."""
    project = access.project_or_404(request, slug, "administer")
    found = Membership.objects.filter(project=project, user_id=min(user_id, access.BIGGEST_ID))
    member = found.select_related("user", "project").first()
    if member is None:
        raise Http404("There is no such person in this project.")
    wanted = request.POST.get("role", "none")
    try:
        if wanted == "":
            members.remove(member)
            messages.success(request, f"{member.user} is in {project} no more; what they held is open again.")
        elif wanted in Role.values:
            members.change_role(member, Role(wanted))
            messages.success(request, f"{member.user} is {Role(wanted).label} of {project} now.")
        else:
            messages.error(request, "There is no such role.")
    except members.Last as last:
        messages.error(request, str(last))
    still_in = access.person(request).pk != member.user_id or wanted == Role.ADMIN
    return HttpResponseRedirect(reverse("members", args=[project.slug]) if still_in else reverse("home"))


@never_cache
@require_safe
def person(request: HttpRequest, user_id: int) -> HttpResponse:
    """One person: roles, keys, what they hold; and what can be done about their way in."""
    return _person_page(request, user_id)


@require_POST
def switch(request: HttpRequest, user_id: int) -> HttpResponse:
    """Switch a person off or on."""
    who = access.person_or_404(request, user_id)
    access.demand_charge(request, who)
    if request.POST.get("active") == "yes":
        persons.activate(who)
        messages.success(request, f"{who} may sign in again.")
        return HttpResponseRedirect(reverse("person", args=[who.pk]))
    try:
        freed = persons.deactivate(who)
    except members.Last as last:
        messages.error(request, str(last))
    else:
        messages.success(request, f"{who} is switched off and signed out; {freed} of their looks are open again.")
    return HttpResponseRedirect(reverse("person", args=[who.pk]))


@never_cache
@require_POST
def password_link(request: HttpRequest, user_id: int) -> HttpResponse:
    """Show a link by which somebody chooses a new password, where no mail can bring it."""
    who = access.person_or_404(request, user_id)
    access.demand_charge(request, who)
    site = "" if settings.ENV.SLIDER_ADDRESS else f"{request.scheme}://{request.get_host()}"
    return _person_page(request, user_id, link=site + account_letters.reset_link(who))


@require_POST
def drop_steps(request: HttpRequest, user_id: int) -> HttpResponse:
    """Take away the second step of somebody who has lost it: for whoever runs the installation alone."""
    who = access.person_or_404(request, user_id)
    access.demand_charge(request, who)
    if not access.person(request).is_superuser:
        raise PermissionDenied("Only a superuser of this installation takes a second step away. Ask one of them.")
    gone = second_steps.remove_all(who)
    messages.success(request, f"{who} signs in by password alone now." if gone else f"{who} has no second step.")
    return HttpResponseRedirect(reverse("person", args=[who.pk]))


def _person_page(request: HttpRequest, user_id: int, *, link: str = "") -> HttpResponse:
    who = access.person_or_404(request, user_id)
    me = access.person(request)
    context = {
        "who": who,
        "known": ways_in.whole(who, projects=None if me.is_superuser else charge.led_projects(me)),
        "steps": ways_in.second_steps(who),
        "not_mine": charge.why_not(me, who),
        "link": link,
    }
    return render(request, "setup/person.html", context)


def _page(
    request: HttpRequest, project: Project, form: InviteForm, *, made: Invitation | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "project": project,
        "seats": ways_in.seats(project),
        "roles": ways_in.role_words(),
        "rights": ways_in.role_rights(),
        "invitations": ways_in.invitations(project),
        "form": form,
        "made": made,
        "site": f"{request.scheme}://{request.get_host()}",
        "mails": settings.ENV.sends_mail,
        "now": timezone.now(),
    }
    return render(request, "setup/members.html", context, status=status)
