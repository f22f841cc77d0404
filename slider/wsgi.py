"""The web application for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slider.settings")
application = get_wsgi_application()

from slider import checks  # noqa: E402  (models can be read only now)

checks.refuse_unsafe_start()
