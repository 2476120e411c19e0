# One image for every part of Copydesk; docker-compose.yml says which command each service runs.
FROM python:3.11-slim-trixie AS build
WORKDIR /src
COPY requirements.txt pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/copydesk && /opt/copydesk/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY cms cms
COPY workers workers
COPY search_index search_index
RUN /opt/copydesk/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-trixie
# pg_dump and pg_restore serve copydesk backup and restore. pg_dump refuses a server newer than itself, so this is the
# version of the server in docker-compose.yml; both change together.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-17 && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 copydesk && mkdir /data && chown copydesk:copydesk /data
COPY --from=build /opt/copydesk /opt/copydesk
ENV PATH=/opt/copydesk/bin:$PATH PYTHONUNBUFFERED=1 COPYDESK_HOME=/data
USER copydesk
VOLUME /data
EXPOSE 8000
CMD ["copydesk", "api"]
