# Two stages: everything that builds stays behind. The image runs as a user without rights, holds
# one program, and keeps its data in /data.
#
#   docker build --tag ringback .
#   docker run --publish 127.0.0.1:8080:8080 --volume ringback:/data --env LLM_WEBHOOK_SECRET=… ringback
FROM rust:1.95-bookworm AS build
RUN rustup target add wasm32-unknown-unknown
WORKDIR /src
# The tools that build the SPA change rarely, so they have a layer of their own.
COPY scripts/lib.sh scripts/versions.sh scripts/tools.sh scripts/
COPY frontend/Cargo.lock frontend/
ENV RINGBACK_TOOLS=/tools
RUN scripts/tools.sh
COPY . .
RUN scripts/build.sh && cp target/release/ringback /ringback && mkdir /data

FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /ringback /usr/local/bin/ringback
COPY --from=build --chown=65532:65532 /data /data
WORKDIR /data
ENV DATABASE_URL=sqlite:///data/ringback.db \
    RINGBACK_BIND=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
# There is no shell and no curl in the image: the program asks itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["ringback", "doctor", "--ready"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["ringback"]
CMD ["serve"]
