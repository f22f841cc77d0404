"""Django's admin, for who belongs where. What the flow writes can be looked at here and not touched."""

from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.http import HttpRequest

from slider import models

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin  # generic for the type checker alone


# What allauth shows: people's ways in, secrets among it. Pages of their own change them, and say so by mail.
for _hidden in (Authenticator, EmailAddress, SocialAccount, SocialApp, SocialToken, UserSession):
    admin.site.unregister(_hidden)


@admin.register(models.Project)
class ProjectAdmin(ModelAdmin):
    list_display = ("name", "slug", "created_at")
    prepopulated_fields = {"slug": ("name",)}


@admin.register(models.Membership)
class MembershipAdmin(ModelAdmin):
    list_display = ("project", "user", "role")
    list_filter = ("project", "role")
    autocomplete_fields = ("user",)


class ReadOnly(ModelAdmin):
    """A table that only the flow writes: a hand-made change would break a promise."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        return False


@admin.register(models.Task)
class TaskAdmin(ReadOnly):
    list_display = ("name", "project", "error_limit", "paused")
    exclude = ("coin_secret",)


@admin.register(models.Worker)
class WorkerAdmin(ReadOnly):
    list_display = ("task", "name", "version", "model", "retired_at", "trouble")


@admin.register(models.Item)
class ItemAdmin(ReadOnly):
    list_display = ("id", "task", "external_id", "state", "tries", "created_at")
    ordering = ("-id",)


@admin.register(models.Policy)
class PolicyAdmin(ReadOnly):
    list_display = ("task", "number", "requested", "allowed", "effective", "mode", "held", "reason", "created_at")
    ordering = ("-id",)


@admin.register(models.Move)
class MoveAdmin(ReadOnly):
    list_display = ("item_id", "from_state", "to_state", "reason", "by", "at")
    ordering = ("-id",)


@admin.register(models.Notice)
class NoticeAdmin(ReadOnly):
    list_display = ("task", "kind", "words", "policy", "by", "created_at")
    ordering = ("-id",)


@admin.register(models.Letter)
class LetterAdmin(ReadOnly):
    list_display = ("notice", "to", "state", "tries", "next_try_at", "last_problem")
    ordering = ("-id",)


@admin.register(models.Act)
class ActAdmin(ReadOnly):
    list_display = ("task", "kind", "words", "epoch", "created_at")
    ordering = ("-id",)


@admin.register(models.Watch)
class WatchAdmin(ReadOnly):
    list_display = ("task", "epoch", "round", "routed_to", "counted_to", "settled_to", "judged", "updated_at")
