# syntax=docker/dockerfile:1.7
# The service: one binary in an image without a shell, run by a user without rights.
#
#   docker build -t researchflow:$(git describe --always) .
#
# Give a digest (IMAGE@sha256:…) by --build-arg to build from exactly the same bytes again.
ARG BUILDER=rust:1.95-bookworm
# Debian 12 with glibc, libgcc, OpenSSL's libraries and CA certificates; its user is 65532.
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot

FROM ${BUILDER} AS build
WORKDIR /source
# libpq is built from source, against OpenSSL. The service is compiled twice, the second time by what the
# first build ran under load; the other packages are for that.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libssl-dev pkg-config \
    curl llvm-19 postgresql python3 redis-server \
 && rm -rf /var/lib/apt/lists/*
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    scripts/release \
 && install -D target/shipped/researchflow /image/usr/local/bin/researchflow \
 && install -d -m 0700 /image/data

FROM ${RUNTIME}
COPY --from=build /image/usr/local/bin/researchflow /usr/local/bin/researchflow
COPY --from=build --chown=65532:65532 /image/data /data
USER 65532:65532
WORKDIR /data
ENV RESEARCHFLOW_DATA_DIR=/data \
    RESEARCHFLOW_LISTEN=0.0.0.0:8080
# Nothing else is written to: the rest of the file system can be read-only.
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/researchflow", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/researchflow"]
CMD ["serve"]
