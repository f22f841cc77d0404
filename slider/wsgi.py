"""The web application for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from slider.wholly import wholly

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slider.settings")
application = wholly(get_wsgi_application())

from django.db import connections  # noqa: E402  (models can be read only now)

from slider import checks  # noqa: E402

checks.refuse_unsafe_start()
# A server that reads the app before it forks its workers must not hand them a connection that they would share.
connections.close_all()
