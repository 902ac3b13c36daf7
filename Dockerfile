# The image that the chart runs: one static binary on a small base, as a user without rights.
#
#   docker build -t REGISTRY/pendopo:0.1.0 .
#
# The Go version is go.mod's; a test compares them.
FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags="-s -w" -o /pendopo ./cmd/pendopo && mkdir /data

# Not scratch: `kubectl cp`, with which a region's folder is brought in, needs tar in the container. The
# certificates with which PostgreSQL's is checked are there too.
FROM alpine:3
COPY --from=build /pendopo /usr/local/bin/pendopo
# The one place to write, for SQLite; with PostgreSQL nothing is written there.
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
ENV PENDOPO_ADDR=:8080 PENDOPO_DATA=/data
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/pendopo"]
CMD ["serve"]
