# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# Debian kernels that are not installed: unpacked from their packages into the cache, because an installed kernel is one that
# the machine boots next time. Needs no root. Sourced by scripts/vm and scripts/check-kmod.
#
#   $CACHE/packages/RELEASE-VERSION/headers/   what a module is built with (15 MB to load)
#   $CACHE/packages/RELEASE-VERSION/image/     boot/ and lib/modules/ (107 MB to load, only when a guest is wanted)

# resolve_packaged SERIES: e.g. 6.12; sets what resolve_kernel promises, but for files of the image (packaged_image).
resolve_packaged() {
    local series=$1 shown version
    shown=$(apt-cache show --no-all-versions "linux-headers-$series-amd64" 2> /dev/null) ||
        die "$STATUS_NO_GUEST" "apt knows no package linux-headers-$series-amd64: is bookworm-security among its sources, and was apt-get update run?"
    K_RELEASE=$(sed -n 's/^Depends:.*linux-headers-\([^ ,]*\).*/\1/p' <<< "$shown")
    version=$(sed -n 's/^Version: //p' <<< "$shown")
    [ -n "$K_RELEASE" ] || die "$STATUS_NO_GUEST" "package linux-headers-$series-amd64 names no kernel"
    K_KIND=qemu
    K_KEY=$K_RELEASE-$version
    PACKAGED=$CACHE/packages/$K_KEY
    K_BUILD=$PACKAGED/headers/usr/src/linux-headers-$K_RELEASE
    K_IMAGE=$PACKAGED/image/boot/vmlinuz-$K_RELEASE
    K_MODULES=$PACKAGED/image/lib/modules/$K_RELEASE
    [ -d "$PACKAGED/headers" ] || with_lock "packages-$K_KEY" packaged_headers || exit
}

packaged_headers() {
    [ ! -d "$PACKAGED/headers" ] || return 0
    local work
    work=$(packaged_unpack "linux-headers-$K_RELEASE" "linux-headers-${K_RELEASE%-*}-common" "linux-kbuild-${K_RELEASE%-*}") || return
    # It names the place where installation would have put the rest; vmlinux would be read, with a tool that may not be
    # there, for type information that no test needs.
    sed -i "s#include /usr/#include $PACKAGED/headers/usr/#" "$work/usr/src/linux-headers-$K_RELEASE/Makefile"
    rm -f "$work/usr/src/linux-headers-$K_RELEASE/vmlinux"
    mv -T "$work" "$PACKAGED/headers"
}

# packaged_image: now the files of the image are there as well.
packaged_image() {
    [ -d "$PACKAGED/image" ] || with_lock "packages-$K_KEY" packaged_image_unpack || exit
}

packaged_image_unpack() {
    [ ! -d "$PACKAGED/image" ] || return 0
    local work
    work=$(packaged_unpack "linux-image-$K_RELEASE") || return
    mv -T "$work" "$PACKAGED/image"
}

# packaged_unpack PACKAGE...: prints a new folder with their contents.
packaged_unpack() {
    local work package
    mkdir -p "$PACKAGED"
    work=$(mktemp -d "$PACKAGED/.unpack.XXXXXX")
    note "loading $*"
    packaged_load "$work" "$@" || { rm -rf "$work"; die "$STATUS_NO_GUEST" "cannot load $* from the Debian archive, see above"; }
    for package in "$work"/*.deb; do
        dpkg-deb -x "$package" "$work" || die "$STATUS_NO_GUEST" "cannot unpack $package"
        rm "$package"
    done
    chmod 755 "$work"
    echo "$work"
}

# Old lists name versions that the archive no longer has.
packaged_load() {
    local work=$1 root=()
    shift
    (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$@") >&2 && return 0
    [ "$(id -u)" = 0 ] || root=(sudo -n)
    "${root[@]}" apt-get -q -o DPkg::Lock::Timeout=600 update >&2 || return 1
    rm -f "$work"/*.deb
    (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$@") >&2
}
