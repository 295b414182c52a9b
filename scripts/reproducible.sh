#!/usr/bin/env bash
# Builds packages and image once more, from a copy of the source in another folder,
# with another file mask and time zone, and compares them byte for byte.
#
#   scripts/reproducible.sh PACKAGES IMAGES amd64|arm64
set -euo pipefail
[[ $# -eq 3 ]] || { sed -n '5s/^#  *//p' "$0" >&2; exit 2; }
packages=$(realpath "$1") images=$(realpath "$2") arch=$3
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} VERSION=${VERSION:-$(git describe --tags --always --dirty)}
umask 077
mkdir "$copy/source" "$copy/images"
git ls-files -z --cached --others --exclude-standard | tar -c --null --files-from=- --ignore-failed-read | tar -x -C "$copy/source"
cp -r web-kiosk/dist/. "$copy/source/web-kiosk/dist/"
ln -s "$(realpath web-kiosk/node_modules)" "$copy/source/web-kiosk/node_modules"
(cd "$copy/source" && TZ=Asia/Shanghai scripts/packages.sh "$copy/packages" "$arch" && scripts/image-oci.sh "$copy/images" "$arch") >/dev/null

for one in "$copy"/packages/*.deb; do cmp "$one" "$packages/$(basename "$one")"; done
for one in "$copy"/images/*.tar; do cmp "$one" "$images/$(basename "$one")"; done
echo "the same source gave the same packages and image in another place"
