# syntax=docker/dockerfile:1
FROM python:3.11-slim-bookworm AS packages
ARG LITE=
ARG TORCH_INDEX_URL=
WORKDIR /app
COPY requirements.txt requirements-lite.txt constraints.txt ./
COPY deploy/setup.py deploy/
RUN python deploy/setup.py --packages-only

FROM python:3.11-slim-bookworm
# 1000 is the user that hosts such as Hugging Face Spaces start a container as.
RUN useradd --uid 1000 --create-home cryptodt \
    && mkdir -p /data && chown cryptodt:cryptodt /data
WORKDIR /app
COPY --from=packages /app/.venv .venv
COPY . .
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOST=0.0.0.0 \
    PORT=7860 \
    CRYPTODT_DATA_DIR=/data \
    HF_HOME=/data/huggingface
# Collecting needs settings, and settings make secrets: those must not be in the image.
RUN CRYPTODT_DATA_DIR=/tmp/build \
    python manage.py collectstatic --noinput && rm -rf /tmp/build
USER cryptodt
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/api/health\", timeout=4)"]
CMD ["python", "manage.py", "up"]
