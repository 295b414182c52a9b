#!/usr/bin/env bash
# Builds the hub's container image of one processor each into a folder, from an
# empty base; the same commit gives the same bytes.
#
#   scripts/image-oci.sh OUT amd64|arm64…
set -euo pipefail
[[ $# -ge 2 ]] || { sed -n '5s/^#  *//p' "$0" >&2; exit 2; }
out=$(realpath -m "$1")
shift
cd "$(dirname "$0")/.."

export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
VERSION=${VERSION:-$(git describe --tags --always --dirty)}
mkdir -p "$out"
go build -C tools -o "$out/ociimage" ./ociimage
for arch in "$@"; do
    CGO_ENABLED=0 GOOS=linux GOARCH=$arch GOAMD64=v1 GOARM64=v8.0 GOFLAGS='' \
        go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$VERSION" -o "$out/hub-$arch" ./hub/cmd/hub
    rm -f "$out"/hallkeeper-hub_*_"$arch".tar
    "$out/ociimage" -program "$out/hub-$arch" -arch "$arch" -version "$VERSION" -out "$out/hallkeeper-hub_${VERSION}_$arch.tar"
    rm "$out/hub-$arch"
done
(cd "$out" && sha256sum ./*.tar | sed 's#\./##')
