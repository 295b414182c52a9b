#!/usr/bin/env bash
# Builds the Debian packages of one processor each into a folder; the same commit
# gives the same bytes, wherever and whenever it is built.
#
#   scripts/packages.sh OUT amd64|arm64…
#
# VERSION, DEB_VERSION and SOURCE_DATE_EPOCH are taken from git where they are not
# given; MAINTAINER names who stands for the packages.
set -euo pipefail
[[ $# -ge 2 ]] || { sed -n '5s/^#  *//p' "$0" >&2; exit 2; }
out=$(realpath -m "$1")
shift
cd "$(dirname "$0")/.."
umask 022

export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
VERSION=${VERSION:-$(git describe --tags --always --dirty)}
# v1.2.3 is 1.2.3, twelve commits later 1.2.3+12.gabc; without a tag the time orders them.
if [[ -z ${DEB_VERSION:-} ]]; then
    case $VERSION in
    v[0-9]*) DEB_VERSION=${VERSION#v} ;;
    *) DEB_VERSION=0.0~$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d%H%M%S).$VERSION ;;
    esac
    DEB_VERSION=${DEB_VERSION/-/+}
    DEB_VERSION=${DEB_VERSION//-/.}
fi
export VERSION DEB_VERSION
export MAINTAINER=${MAINTAINER:-Hallkeeper maintainers <maintainers@hallkeeper.invalid>}
# Nothing of this machine's settings may show in what is built.
export CGO_ENABLED=0 GOOS=linux GOAMD64=v1 GOARM64=v8.0 GOFLAGS= LC_ALL=C.UTF-8 TZ=UTC

tools=$out/tools
mkdir -p "$tools"
tool() { (unset GOOS && cd tools && GOFLAGS=-mod=readonly go build -o "$tools/$1" "$2"); }
tool nfpm github.com/goreleaser/nfpm/v2/cmd/nfpm
tool cyclonedx-gomod github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
tool licences ./licences

# squeeze FILE TO: without the file's name and time.
squeeze() { gzip -9n <"$1" >"$2"; }

# A cursor of one transparent dot, under every name that programs ask for.
cursors() {
    mkdir -p "$1"
    local name dot='Xcur\x10\0\0\0\0\0\1\0\1\0\0\0\2\0\xfd\xff\x18\0\0\0\x1c\0\0\0\x24\0\0\0\2\0\xfd\xff\x18\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
    for name in default left_ptr arrow pointer hand hand1 hand2 pointing_hand text xterm ibeam vertical-text wait watch progress left_ptr_watch \
        crosshair cross move all-scroll fleur grab openhand grabbing closedhand not-allowed no-drop help context-menu copy alias zoom-in zoom-out \
        col-resize row-resize n-resize s-resize e-resize w-resize ne-resize nw-resize se-resize sw-resize ew-resize ns-resize nesw-resize nwse-resize; do
        printf "$dot" >"$1/$name"
    done
}

declare -A source=([hub]=./hub/cmd/hub [agent]=./agent/cmd/agent [screen]=./deploy/screen)
for ARCH in "$@"; do
    for name in hub agent screen; do
        stage=$out/stage/$ARCH/$name
        rm -rf "$stage"
        mkdir -p "$stage/doc" "$stage/man/zh_CN"
        GOARCH=$ARCH go build -trimpath -buildvcs=false -ldflags "-s -w -buildid= -X main.version=$VERSION" -o "$stage/hallkeeper-$name" "${source[$name]}"

        "$tools/cyclonedx-gomod" bin -json -std -noserial -notimestamp -version "$VERSION" -output "$stage/modules.json" "$stage/hallkeeper-$name"
        (unset GOOS && "$tools/licences" -root . -program "$name" -bom "$stage/modules.json" -out "$stage/sbom.cdx.json")
        (unset GOOS && "$tools/licences" -root . -program "$name" -texts -out "$stage/third-party-licences.txt")
        printf 'hallkeeper-%s (%s) stable; urgency=medium\n\n  * Hallkeeper %s; what changed is told by the history of its source.\n\n -- %s  %s\n' \
            "$name" "$DEB_VERSION" "$VERSION" "$MAINTAINER" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" >"$stage/changelog"
        for file in "$stage/changelog" "$stage/sbom.cdx.json" "$stage/third-party-licences.txt" docs/licences.md; do
            squeeze "$file" "$stage/doc/$(basename "$file").gz"
        done
        for lang in . zh_CN; do
            squeeze "deploy/packages/man/$lang/hallkeeper-$name.1" "$stage/man/$lang/hallkeeper-$name.1.gz"
        done
        [[ $name != screen ]] || cursors "$stage/cursors"

        export ARCH STAGE=$stage
        "$tools/nfpm" package --packager deb --config "deploy/packages/$name/nfpm.yaml" --target "$out/hallkeeper-${name}_${DEB_VERSION}_$ARCH.deb" >/dev/null
    done
done
(cd "$out" && sha256sum ./*_"$DEB_VERSION"_*.deb | sed 's#\./##' >SHA256SUMS && cat SHA256SUMS)
