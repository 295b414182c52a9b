#!/bin/sh
# Builds hub and agent as they were at a tag or commit: previous.sh COMMIT FOLDER
set -eu
[ $# -eq 2 ] || { echo "usage: previous.sh COMMIT FOLDER" >&2; exit 2; }
commit=$(git rev-parse --verify "$1^{commit}")
mkdir -p "$2"
folder=$(cd "$2" && pwd)
[ "$(cat "$folder/commit" 2>/dev/null)" != "$commit" ] || exit 0
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
git archive "$commit" | tar -x -C "$source"
(cd "$source" && go build -trimpath -ldflags "-X main.version=$1" -o "$folder/" ./hub/cmd/hub ./agent/cmd/agent)
echo "$commit" >"$folder/commit"
