# syntax=docker/dockerfile:1

# Everything the lock names is fetched by hash; only what the program itself needs is installed.
FROM python:3.11-slim AS build
WORKDIR /build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
COPY requirements.lock ./
RUN pip wheel --quiet --no-deps --require-hashes --wheel-dir /wheels -r requirements.lock \
    && pip install --quiet --no-index --find-links /wheels hatchling
COPY . .
RUN pip wheel --quiet --no-deps --no-build-isolation --no-index --wheel-dir /project . \
    && python -m venv /app/.venv \
    && /app/.venv/bin/pip install --quiet --no-index --find-links /wheels /project/*.whl

FROM python:3.11-slim
RUN useradd --system --uid 10001 --user-group --home-dir /app --shell /usr/sbin/nologin marketplace
WORKDIR /app
COPY --from=build /app/.venv .venv
COPY migrations migrations
COPY schema.graphql LICENSE ./
RUN install --directory --owner marketplace --group marketplace --mode 0700 var
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MARKETPLACE_ENVIRONMENT=production \
    MARKETPLACE_VAR_DIR=/app/var \
    PORT=8000
USER marketplace
EXPOSE 8000
VOLUME /app/var
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health/live\", timeout=4)"]
CMD ["marketplace", "serve", "--host", "0.0.0.0"]
