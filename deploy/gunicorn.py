"""How gunicorn serves Slider, wherever it runs: `gunicorn --config deploy/gunicorn.py slider.wsgi:application`.

The address comes from the command line, or from the socket that systemd hands over.
"""

# Threads that wait for no caller for ever: slider/serving.py has the limits.
worker_class = "slider.serving.Worker"
# The largest request that a page or a program of ours makes has a tenth of this.
limit_request_line = 4_094
limit_request_fields = 60
limit_request_field_size = 8_190
workers = 2
threads = 8
# The app is read once, before the first worker is forked: who is told that the server is up may stop the old one.
preload_app = True
# A proxy closes its idle connections first (nginx after 60 s): a server that does so cuts off a request on its way.
keepalive = 75
# An export or an upload under way at a stop may take this long; the stop limits of deploy/ leave more.
graceful_timeout = 30
timeout = 120
# The root file system may be read-only; this one is in memory everywhere.
worker_tmp_dir = "/dev/shm"  # noqa: S108  # a file of its own, without a name
# A second way to command a running server is one that nobody here needs.
control_socket_disable = True
# The proxy is the only one who can reach this port: deploy/ sees to it.
forwarded_allow_ips = "*"
