# One image for Airflow, the endpoint, MLflow and training jobs: what runs is decided by the command. SageMaker's is
# `serve`, the port is 8080 or SAGEMAKER_BIND_TO_PORT.
FROM python:3.11-slim-bookworm

# git: dataset versions are tags of a git repository. libgomp1: LightGBM's threads.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git libgomp1 \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --uid 50000 --gid 0 --create-home --shell /usr/sbin/nologin driftgate \
    && install --directory --owner driftgate --group 0 --mode 0770 \
        /opt/driftgate /opt/airflow /opt/airflow/logs /var/lib/driftgate

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/opt/driftgate/include:/opt/driftgate/plugins \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    AIRFLOW_HOME=/opt/airflow \
    DRIFTGATE_PROJECT=/opt/driftgate \
    DRIFTGATE_HOME=/var/lib/driftgate

# Exactly the locked packages, each checked against its hash. The secret is for networks with their own authority.
COPY requirements/runtime.txt /opt/driftgate/requirements/runtime.txt
RUN --mount=type=secret,id=ca_bundle,required=false \
    if [ -s /run/secrets/ca_bundle ]; then export PIP_CERT=/run/secrets/ca_bundle SSL_CERT_FILE=/run/secrets/ca_bundle; fi; \
    python -m venv /opt/venv \
    && pip install --require-hashes --no-deps --requirement /opt/driftgate/requirements/runtime.txt \
    && printf '#!/bin/sh\nexec python -m driftgate.cli "$@"\n' > /opt/venv/bin/driftgate \
    && printf '#!/bin/sh\nexec python -m driftgate.endpoint serve\n' > /opt/venv/bin/serve \
    && chmod 0755 /opt/venv/bin/driftgate /opt/venv/bin/serve

# Networks need torch: `--build-arg TORCH=cpu`, or `TORCH=gpu` for machines with an NVIDIA GPU (its driver is the host's).
ARG TORCH=none
ARG TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu
COPY requirements/torch.txt requirements/torch-gpu.txt /opt/driftgate/requirements/
RUN --mount=type=secret,id=ca_bundle,required=false \
    if [ -s /run/secrets/ca_bundle ]; then export PIP_CERT=/run/secrets/ca_bundle SSL_CERT_FILE=/run/secrets/ca_bundle; fi; \
    install="pip install --require-hashes --no-deps --requirement /opt/driftgate/requirements" \
    && case "$TORCH" in \
        none) ;; \
        cpu) $install/torch.txt --extra-index-url "$TORCH_CPU_INDEX" ;; \
        gpu) $install/torch-gpu.txt ;; \
        *) echo "TORCH is '$TORCH'; it must be none, cpu or gpu" && exit 1 ;; \
    esac

COPY dvc.yaml params.yaml /opt/driftgate/
COPY data_contracts /opt/driftgate/data_contracts
COPY include /opt/driftgate/include
COPY plugins /opt/driftgate/plugins
COPY dags /opt/driftgate/dags

ARG DRIFTGATE_CODE_REVISION
ENV DRIFTGATE_CODE_REVISION=$DRIFTGATE_CODE_REVISION

LABEL com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true
USER 50000
WORKDIR /opt/driftgate
CMD ["driftgate", "--help"]
