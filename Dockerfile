# syntax=docker/dockerfile:1
# Two images of one source: `shop`, for web, worker and every command, and `nginx`. Build
# with `docker compose build`.

# --- The virtual environment: wheels alone, so nothing is compiled ---------------------
FROM python:3.13-slim@sha256:8d9d0b8bcf6506481eae4907c18f5e3e7902e629f5f6d684f9e7c32e85e3ddf0 AS build

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1

RUN python -m venv /venv
COPY requirements.txt /
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r /requirements.txt \
    && /venv/bin/pip uninstall --yes pip

# --- The shop ---------------------------------------------------------------------------
FROM python:3.13-slim@sha256:8d9d0b8bcf6506481eae4907c18f5e3e7902e629f5f6d684f9e7c32e85e3ddf0 AS shop

ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app \
    STATIC_ROOT=/srv/shop/static \
    MEDIA_ROOT=/srv/shop/media

RUN groupadd --system --gid 10001 shop \
    && useradd --system --uid 10001 --gid shop --no-create-home --home-dir /nonexistent shop \
    && install --directory --owner shop --group shop /srv/shop/media

COPY --from=build /venv /venv
WORKDIR /app
COPY . .
RUN python -m compileall -q . && python deploy/collectstatic.py

USER 10001:10001
EXPOSE 8000
# Requests that run may end: see GUNICORN_GRACEFUL_TIMEOUT.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "deploy/healthcheck.py", "/healthz"]
CMD ["gunicorn", "-c", "deploy/gunicorn.conf.py"]

# --- nginx, with the static files of the same version -----------------------------------
# 1.27.3 or newer: the nodes are found by name, again and again.
FROM nginx:1.28-alpine@sha256:a8b39bd9cf0f83869a2162827a0caf6137ddf759d50a171451b335cecc87d236 AS nginx

RUN rm -rf /etc/nginx/conf.d && ln -s /dev/stdout /var/log/nginx/shop.log
COPY deploy/nginx/nginx.conf /etc/nginx/nginx.conf
COPY deploy/nginx/shop /etc/nginx/shop
COPY deploy/nginx/container/nodes.conf /etc/nginx/shop/nodes.conf
COPY --from=shop /srv/shop/static /srv/shop/static

USER 101:101
EXPOSE 80 443
# nginx ends when the last request has been answered.
STOPSIGNAL SIGQUIT
# A file of its own: it asks no node, and needs no host name that the shop would know.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 \
    CMD ["wget", "-q", "--no-check-certificate", "-O", "/dev/null", "https://127.0.0.1/static/admin/css/base.css"]
ENTRYPOINT []
CMD ["nginx", "-g", "daemon off;"]
