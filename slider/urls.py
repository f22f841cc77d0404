"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, path

from slider.api import v1
from slider.views import desk, doors, export, home, intake, items, keys, notices, past, quality, setup, steer

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.show, name="home"),
    path("admin/", admin.site.urls),
    path("api/v1/", v1.urls),
    path("csp-report", doors.csp_report, name="csp-report"),
    path("desk/", desk.show, name="desk"),
    path("desk/take", desk.take, name="desk-take"),
    path("desk/<int:review_id>/", desk.look, name="desk-review"),
    path("desk/<int:review_id>/decide", desk.decide, name="desk-decide"),
    path("desk/<int:review_id>/skip", desk.skip, name="desk-skip"),
    path("desk/<int:review_id>/stay", desk.stay, name="desk-stay"),
    path("healthz", doors.healthz, name="healthz"),
    path("histories/<int:past_id>/", past.show, name="history-show"),
    path("histories/<int:past_id>/confirm", past.confirm, name="history-confirm"),
    path("histories/<int:past_id>/drop", past.drop, name="history-drop"),
    path("histories/<int:past_id>/progress", past.piece, name="history-progress"),
    path("histories/<int:past_id>/read", past.read, name="history-read"),
    path("histories/<int:past_id>/refused.csv", past.refused, name="history-refused"),
    path("imports/<int:import_id>/", intake.show, name="import-show"),
    path("imports/<int:import_id>/progress", intake.piece, name="import-progress"),
    path("imports/<int:import_id>/refused.csv", intake.refused, name="import-refused"),
    path("items/<int:item_id>/", items.item, name="item"),
    path("items/<int:item_id>/withdraw", items.withdraw, name="withdraw"),
    path("keys/<int:key_id>/revoke", keys.revoke, name="key-revoke"),
    path("login", doors.SignIn.as_view(), name="login"),
    path("logout", LogoutView.as_view(), name="logout"),
    path("notices/<int:notice_id>/seen", notices.seen, name="notice-seen"),
    path("notices/news", notices.news, name="notice-news"),
    path("projects/<slug:slug>/keys", keys.show, name="keys"),
    path("projects/<slug:slug>/tasks/new", setup.new, name="task-new"),
    path("readyz", doors.readyz, name="readyz"),
    path("tasks/<int:task_id>/", steer.show, name="slider"),
    path("tasks/<int:task_id>/apply", steer.apply, name="apply"),
    path("tasks/<int:task_id>/export", export.export, name="export"),
    path("tasks/<int:task_id>/history", past.upload, name="history"),
    path("tasks/<int:task_id>/import", intake.upload, name="import"),
    path("tasks/<int:task_id>/import/sample.csv", intake.sample, name="import-sample"),
    path("tasks/<int:task_id>/items/", items.index, name="items"),
    path("tasks/<int:task_id>/items/new", intake.new, name="item-new"),
    path("tasks/<int:task_id>/notices", notices.past, name="notices"),
    path("tasks/<int:task_id>/pause", setup.pause, name="pause"),
    path("tasks/<int:task_id>/pull-back", steer.pull_back, name="pull-back"),
    path("tasks/<int:task_id>/quality", quality.show, name="quality"),
    path("tasks/<int:task_id>/put-back", steer.put_back, name="put-back"),
    path("tasks/<int:task_id>/release", steer.release, name="release"),
    path("tasks/<int:task_id>/settings", setup.settings_page, name="task-settings"),
    path("tasks/<int:task_id>/what-if", steer.ask, name="what-if"),
    path("tasks/<int:task_id>/worker", setup.worker_page, name="worker"),
]
