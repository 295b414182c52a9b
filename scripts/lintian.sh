#!/usr/bin/env bash
# Debian's own check of the packages that were built last: no error, no warning.
#
#   scripts/lintian.sh FOLDER
set -euo pipefail
cd "$1"
mapfile -t packages < <(awk '{print $2}' SHA256SUMS)
lintian --fail-on error,warning --no-tag-display-limit "${packages[@]}"
echo "lintian finds no error and no warning in ${packages[*]}"
