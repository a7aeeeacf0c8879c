# gt-engine alone; docs/how-to/run-the-engine-on-aws.md says how it is run.
FROM python:3.12-slim
WORKDIR /app
COPY requirements/engine.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/engine.txt
COPY . .
RUN pip install --no-cache-dir --no-deps . \
    && useradd --system --create-home --home-dir /var/lib/gt-engine gt-engine
USER gt-engine
VOLUME /var/lib/gt-engine
EXPOSE 8080
ENTRYPOINT ["gt-engine", "--host", "0.0.0.0", "--port", "8080", "--state-dir", "/var/lib/gt-engine"]
