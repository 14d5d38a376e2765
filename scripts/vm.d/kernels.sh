# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
# Turns the name of a kernel into files. Sourced by scripts/vm.
#
# resolve_kernel sets
#   K_KIND     uml or qemu
#   K_IMAGE    the program or bzImage
#   K_RELEASE  what uname -r says in the guest
#   K_BUILD    folder for `make -C ... M=`
#   K_MODULES  folder with the kernel's own modules (the one with kernel/ and modules.order), or empty
#   K_KEY      changes when any of the above does

resolve_kernel() {
    case $1 in
        uml | uml-debug | x86-debug) resolve_own "$1" ;;
        debian) resolve_version "$(debian_release)" ;;
        debian-*) resolve_packaged "${1#debian-}" ;;
        */*) resolve_path "$1" ;;
        *) resolve_version "$1" ;;
    esac
}

resolve_own() {
    local dir
    own_prepare "$1" || exit
    dir=$(own_dir "$1") || exit
    own_recipe "$1"
    K_KIND=$OWN_KIND
    K_IMAGE=$dir/$OWN_TARGET
    K_RELEASE=$(< "$dir/release")
    K_BUILD=$dir/build
    K_MODULES=$dir/modules/lib/modules/$K_RELEASE
    K_KEY=${dir##*/}
}

# debian_release: the kernel that linux-image-amd64 stands for.
debian_release() {
    dpkg-query -W -f '${Depends}' linux-image-amd64 2> /dev/null | sed -n 's/.*linux-image-\([^ ,]*\).*/\1/p'
}

resolve_version() {
    [ -n "$1" ] || die "$STATUS_NO_GUEST" "package linux-image-amd64 is not installed: run scripts/setup guest"
    [ -r "/boot/vmlinuz-$1" ] ||
        die "$STATUS_USAGE" "no kernel $1: there is no readable /boot/vmlinuz-$1; scripts/vm kernels lists what can be used"
    K_KIND=qemu
    K_IMAGE=/boot/vmlinuz-$1
    K_RELEASE=$1
    K_BUILD=/lib/modules/$1/build
    [ -e "$K_BUILD" ] || K_BUILD=/usr/src/linux-headers-$1
    K_MODULES=/lib/modules/$1
    # A new package version of the same release has other contents.
    K_KEY=$1-$(stat -Lc %Y-%s "$K_IMAGE")
}

# A bzImage or a user-mode-linux program in, or beside, the folder it was built in.
resolve_path() {
    local image dir
    image=$(realpath -e -- "$1" 2> /dev/null) || die "$STATUS_USAGE" "no kernel $1: no such file"
    dir=${image%/*}
    while [ ! -e "$dir/include/config/kernel.release" ]; do
        if [ -e "$dir/build/include/config/kernel.release" ]; then
            dir=$dir/build
        elif [ -z "$dir" ]; then
            die "$STATUS_USAGE" "no build tree for $image: neither a folder above it nor build/ beside it has include/config/kernel.release"
        else
            dir=${dir%/*}
        fi
    done
    K_IMAGE=$image
    K_BUILD=$dir
    K_RELEASE=$(< "$dir/include/config/kernel.release")
    K_KEY=path-$(stat -c '%n %Y %s' "$image" | sha256sum | cut -c1-12)
    K_MODULES=
    if [ "$(head -c 4 "$image" | tail -c 3)" = ELF ]; then
        K_KIND=uml
        [ -x "$image" ] || die "$STATUS_USAGE" "$image looks like user-mode-linux but is not executable"
    else
        K_KIND=qemu
    fi
    if [ -s "$dir/modules.order" ]; then
        K_MODULES=$CACHE/kernels/$K_KEY/lib/modules/$K_RELEASE
        [ -d "$K_MODULES" ] || with_lock "$K_KEY" install_path_modules
    fi
}

install_path_modules() {
    [ ! -d "$K_MODULES" ] || return 0
    kernel_make modules_install INSTALL_MOD_PATH="$CACHE/kernels/$K_KEY" > /dev/null ||
        die "$STATUS_NO_GUEST" "cannot install the modules of $K_BUILD"
}

# kernel_make ARGUMENT...: make in the build tree of the resolved kernel.
kernel_make() {
    local arch=()
    [ "$K_KIND" = qemu ] || arch=(ARCH=um SUBARCH=x86_64)
    env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u MAKEOVERRIDES make -C "$K_BUILD" "${arch[@]}" "$@"
}

# list_kernels: for `vm kernels`.
list_kernels() {
    local name release dir state
    for name in "${OWN_KERNELS[@]}"; do
        state='not built yet (scripts/vm prepare)'
        dir=$(own_dir "$name" 2> /dev/null) || state='needs linux-source (scripts/setup kernel)'
        [ ! -e "$dir/complete" ] || state="$dir"
        printf '%-28s %s\n' "$name" "$state"
    done
    release=$(debian_release)
    printf '%-28s %s\n' debian "${release:-needs linux-image-amd64 (scripts/setup guest)}"
    for name in $(apt-cache pkgnames linux-image- | sed -n 's/^linux-image-\([0-9.]*\)-amd64$/\1/p'); do
        printf '%-28s %s\n' "debian-$name" "Debian's package, loaded when it is wanted"
    done
    for name in /boot/vmlinuz-*; do
        [ -r "$name" ] || continue
        release=${name#/boot/vmlinuz-}
        state=$name
        [ -e "/lib/modules/$release/build" ] || state+=' (no headers: dsmip.ko cannot be built for it)'
        printf '%-28s %s\n' "$release" "$state"
    done
}
