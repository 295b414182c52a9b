#!/usr/bin/env bash
# Sees to the system packages that a make target needs: installs the missing
# ones where it may (root, apt), otherwise says in one line what to install.
#
#   scripts/needs.sh test|powercut|rig|office|packages|screen|image|test-image|test-arm64
set -euo pipefail

# command:package, or path:package for what is not a command; any of the commands
# a|b will do.
case "${1:-}" in
test)
    needs=(gcc:gcc mosquitto:mosquitto mosquitto_pub:mosquitto-clients "chromium-headless-shell|chromium:chromium-headless-shell"
        /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk /usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc:fonts-noto-cjk systemd-analyze:systemd zbarimg:zbar-tools promtool:prometheus)
    ;;
powercut)
    needs=(qemu-system-x86_64:qemu-system-x86 mkfs.ext4:e2fsprogs xz:xz-utils)
    ;;
rig)
    needs=(qemu-system-aarch64:qemu-system-arm aarch64-linux-gnu-gcc-12:gcc-12-aarch64-linux-gnu make:make flex:flex bison:bison xz:xz-utils mkfs.ext4:e2fsprogs)
    ;;
office)
    needs=(soffice:libreoffice-writer-nogui /usr/lib/libreoffice/program/libsclo.so:libreoffice-calc-nogui pdftoppm:poppler-utils /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk)
    ;;
packages)
    needs=(debootstrap:debootstrap lintian:lintian systemd-nspawn:systemd-container systemd-analyze:systemd dpkg-deb:dpkg)
    ;;
screen)
    needs=(sway:sway chromium:chromium grim:grim certutil:libnss3-tools /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk)
    ;;
image)
    needs=(mcopy:mtools mformat:mtools mkfs.ext4:e2fsprogs)
    ;;
test-image)
    needs=(mcopy:mtools mkfs.ext4:e2fsprogs qemu-system-aarch64:qemu-system-arm)
    ;;
test-arm64)
    needs=(qemu-aarch64-static:qemu-user-static dpkg-deb:dpkg)
    ;;
*)
    echo "usage: scripts/needs.sh test|powercut|rig|office|packages|screen|image|test-image|test-arm64" >&2
    exit 2
    ;;
esac

PATH=$PATH:/usr/sbin:/sbin
missing=()
for need in "${needs[@]}"; do
    what=${need%%:*}
    if [[ $what == /* ]]; then [[ -e $what ]] || missing+=("${need##*:}")
    else
        # shellcheck disable=SC2086 # a|b are words
        command -v ${what//|/ } >/dev/null || missing+=("${need##*:}")
    fi
done
[[ ${#missing[@]} -eq 0 ]] && exit 0

if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
    echo "this needs: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
fi

echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { apt-get update && apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install ${missing[*]}; its whole output is in $log" >&2
    exit 1
fi
rm -f "$log"

# Debian starts the broker that it installs, on the port that the hub wants, and
# Prometheus. The tests start their own broker and want promtool only, so what
# came only for them is switched off again.
for service in mosquitto prometheus; do
    if [[ " ${missing[*]} " == *" $service "* && -d /run/systemd/system ]]; then
        systemctl disable --now "$service.service" >/dev/null 2>&1 || true
    fi
done
