#!/usr/bin/env bash
# Plays a screen's session (deploy/screen) with the real programs, as a user without
# rights where root runs it, as the package's service does. SHOTS=DIR keeps pictures.
set -euo pipefail
cd "$(dirname "$0")/.."

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
go test -c -o "$stage/screen.test" ./deploy/screen
cp bin/hub "$stage/hub"
mkdir "$stage/shots" "$stage/tmp"

as=()
if [[ $(id -u) -eq 0 ]]; then
    chown -R nobody:nogroup "$stage"
    as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi
# What Chromium and sway say of a machine without buses and graphics is of interest only where something went wrong.
status=0
(cd "$stage" && "${as[@]}" env HOME="$stage" TMPDIR="$stage/tmp" SCREEN_HUB="$stage/hub" SCREEN_SHOTS="$stage/shots" \
    ./screen.test -test.run '^TestTheSession$' -test.v -test.timeout 10m) >"$stage/said" 2>&1 </dev/null || status=$?
if [[ $status -eq 0 ]]; then grep -E '^ *--- ' "$stage/said"; else cat "$stage/said" >&2; fi
if [[ -n ${SHOTS:-} ]]; then
    mkdir -p "$SHOTS"
    cp "$stage/shots/"*.png "$SHOTS"
fi
exit $status
