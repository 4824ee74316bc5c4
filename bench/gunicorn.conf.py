"""gunicorn for what the shop is compared with.

As many processes and threads as the shop has, loaded once, and a worker that shares
connections out evenly, for with gunicorn's own the figures would hang on chance. What
else `deploy/gunicorn.conf.py` does for the shop is the shop's own work.
"""

import os
import runpy

_shop = runpy.run_path("deploy/gunicorn.conf.py")

bind = os.environ["GUNICORN_BIND"]
workers = _shop["workers"]
threads = _shop["threads"]
worker_class = _shop["EvenWorker"]
worker_tmp_dir = _shop["worker_tmp_dir"]
keepalive = _shop["keepalive"]
control_socket_disable = True
preload_app = True
