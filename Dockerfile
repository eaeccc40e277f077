# Both images, by two targets. In the repository's folder:
#
#   docker build --target application --tag todoapp .
#   docker build --target operator --tag todoapp-operator .
#
# Everything that is installed has a hash: uv by its own file, all else by uv.lock. A release writes the digest behind
# the tag of Python's image (.github/images).

FROM python:3.13.14-slim-trixie AS python

FROM python AS build
COPY .github/uv/requirements.txt /tmp/uv.txt
RUN pip install --no-cache-dir --root-user-action ignore --require-hashes --requirement /tmp/uv.txt
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /src
COPY pyproject.toml uv.lock README.md LICENSE ./

# What makes a wheel is locked, too; a build of its own would fetch the newest.
FROM build AS wheel
ENV UV_PROJECT_ENVIRONMENT=/opt/build
RUN uv sync --frozen --only-group build --no-install-project

# Each program's package alone, as a wheel.
FROM wheel AS application_wheel
COPY app/todoapp app/todoapp
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /wheels

FROM wheel AS operator_wheel
COPY operator/todoapp_operator operator/todoapp_operator
RUN /opt/build/bin/python -m hatchling build --target wheel --directory /wheels

# Libraries change rarely: they get a layer of their own.
FROM build AS application_build
ENV UV_PROJECT_ENVIRONMENT=/opt/todoapp
RUN uv sync --frozen --no-dev --extra app --no-install-project
COPY --from=application_wheel /wheels /wheels
RUN uv pip install --python /opt/todoapp --offline --no-deps /wheels/*.whl

FROM build AS operator_build
ENV UV_PROJECT_ENVIRONMENT=/opt/todoapp
RUN uv sync --frozen --no-dev --extra operator --no-install-project
COPY --from=operator_wheel /wheels /wheels
RUN uv pip install --python /opt/todoapp --offline --no-deps /wheels/*.whl

FROM python AS runtime
# Nothing is installed into a container that runs.
RUN groupadd --gid 10001 todoapp \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin todoapp \
    && pip uninstall --yes --root-user-action ignore pip
# Nothing is written beside what is installed, so the root may be read-only.
ENV PATH=/opt/todoapp/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# By numbers, as Kubernetes sees only of these that it is not root.
USER 10001:10001

FROM runtime AS operator
COPY --from=operator_build /opt/todoapp /opt/todoapp
# The application's image of the same release; a release gives it with its digest.
ARG TODOAPP_RELEASED_IMAGE=""
ENV TODOAPP_RELEASED_IMAGE=$TODOAPP_RELEASED_IMAGE
LABEL org.opencontainers.image.title="TodoApp operator" \
      org.opencontainers.image.description="Keeps every TodoApp of a cluster as its resource says." \
      org.opencontainers.image.licenses="Apache-2.0"
EXPOSE 8080
ENTRYPOINT ["todoappctl"]
CMD ["operate"]

FROM runtime AS application
COPY --from=application_build /opt/todoapp /opt/todoapp
LABEL org.opencontainers.image.title="TodoApp" \
      org.opencontainers.image.description="The processes of TodoApp: api, notification, recurrence, and migrate." \
      org.opencontainers.image.licenses="Apache-2.0"
EXPOSE 8000 8090
# The first argument names the process.
ENTRYPOINT ["todoapp"]
