# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # the parts set what other parts read
# Builds our own kernels from Debian's linux-source and keeps them in the cache. Sourced by scripts/vm.
#
# A kernel lives in $CACHE/kernels/NAME-KEY (KEY: source version, compiler, wanted options, patches) with
#   image    uml: the kernel, an ordinary program, called linux; x86: a bzImage, called bzImage
#   build/   what building a module needs of the object tree
#   source   the kernel source, shared by all kernels of one version
#   modules/ lib/modules/RELEASE as modprobe expects it

OWN_KERNELS=(uml uml-debug x86-debug)
OWN_SERIES=6.1
OWN_TARBALL=/usr/src/linux-source-$OWN_SERIES.tar.xz

# own_recipe NAME: sets what differs between the kernels.
#   OWN_KIND       uml or qemu
#   OWN_FRAGMENTS  the files with the wanted options
#   OWN_ARCH       arguments of every make
#   OWN_TARGET     what to make beside the modules
#   OWN_IMAGE      the kernel in the object tree
own_recipe() {
    local config=$VM_DIR/config
    case $1 in
        uml | uml-debug)
            OWN_KIND=uml
            OWN_FRAGMENTS=("$config/guest.config" "$config/uml.config")
            OWN_ARCH=(ARCH=um SUBARCH=x86_64)
            OWN_TARGET=linux
            OWN_IMAGE=linux
            [ "$1" != uml-debug ] || OWN_FRAGMENTS+=("$config/debug.config" "$config/uml-debug.config")
            ;;
        x86-debug)
            OWN_KIND=qemu
            OWN_FRAGMENTS=("$config/guest.config" "$config/debug.config" "$config/x86.config")
            OWN_ARCH=(ARCH=x86_64)
            OWN_TARGET=bzImage
            OWN_IMAGE=arch/x86/boot/bzImage
            ;;
    esac
}

own_source_version() {
    dpkg-query -W -f '${Version}' "linux-source-$OWN_SERIES" 2> /dev/null ||
        die "$STATUS_NO_GUEST" "package linux-source-$OWN_SERIES is not installed: run scripts/setup kernel"
}

# own_dir NAME: where the kernel is, or will be after own_prepare.
own_dir() {
    local name=$1 version inputs
    version=$(own_source_version) || exit
    own_recipe "$name"
    inputs=("${OWN_FRAGMENTS[@]}")
    # The patches, applied to the source of all, change only what the debugging options report on user-mode-linux.
    [ "$name" != uml-debug ] || inputs+=("$VM_DIR"/patches/*)
    echo "$CACHE/kernels/$name-$version-$({ gcc -dumpfullversion; cat "${inputs[@]}"; } | sha256sum | cut -c1-12)"
}

# own_prepare NAME: builds unless cached; then own_dir NAME is complete.
own_prepare() {
    local dir
    dir=$(own_dir "$1") || exit
    [ -e "$dir/complete" ] || with_lock "$1" own_build "$1" "$dir"
}

# Folders whose C files no kernel here compiles: half of the source, and slow disks take minutes to unpack or remove it.
OWN_UNUSED=(Documentation sound tools/perf tools/testing samples drivers/{gpu,media,staging,infiniband,scsi,usb,iio,mtd,hwmon}
    drivers/{clk,pinctrl,net/ethernet,net/wireless,input,platform,crypto,ata,nvme,nvdimm,soc,video,target,message,leds,mfd,power,regulator}
    fs/{xfs,btrfs,ocfs2,f2fs,gfs2,nfs,nfsd,cifs,ksmbd,ubifs,ceph,reiserfs,jfs,ntfs,ntfs3,afs} arch/a[lr]* arch/[chilmnoprs]*)

own_unpack_source() {
    local dir=$1 key patch work folder exclude=()
    key=$(hash_of "$VM_DIR"/patches/*)
    [ "$(cat "$dir/complete" 2> /dev/null)" != "$key" ] || return 0
    note "unpacking $OWN_TARBALL"
    # Kconfig files and makefiles stay: the rest of the tree names them.
    for folder in "${OWN_UNUSED[@]}"; do
        exclude+=("--exclude=linux-source-*/$folder/*.[chS]" "--exclude=linux-source-*/$folder/*.rst" "--exclude=linux-source-*/$folder/*.dts*"
            "--exclude=linux-source-*/$folder/*.yaml" "--exclude=linux-source-*/$folder/*.json")
    done
    mkdir -p "${dir%/*}"
    work=$(mktemp -d "${dir%/*}/.unpack.XXXXXX")
    tar -xf "$OWN_TARBALL" -C "$work" --strip-components=1 "${exclude[@]}" || die "$STATUS_NO_GUEST" "cannot unpack $OWN_TARBALL"
    for patch in "$VM_DIR"/patches/*.patch; do
        patch -d "$work" -p1 -s < "$patch" || die "$STATUS_NO_GUEST" "$patch does not fit $OWN_TARBALL"
    done
    echo "$key" > "$work/complete"
    # Modules of other runs may be using the old one until the moment it is replaced.
    [ ! -d "$dir" ] || mv "$dir" "$work.old"
    mv -T "$work" "$dir"
    rm -rf "$work.old"
}

# own_wanted FILE...: fragments as lines of a .config; the last word on an option counts, NAME=n says nothing of it.
own_wanted() {
    sed 's/#.*//; s/[[:space:]]*$//; /^$/d; /=/!s/$/=y/; s/^/CONFIG_/' "$@" |
        awk -F= '!($1 in value) { names[++count] = $1 } { value[$1] = substr($0, length($1) + 2) }
            END { for (i = 1; i <= count; i++) if (value[names[i]] != "n") print names[i] "=" value[names[i]] }'
}

own_check_config() {
    local wanted=$1 config=$2 missing
    missing=$(grep -vxFf "$config" "$wanted" || true)
    [ -z "$missing" ] || die "$STATUS_NO_GUEST" "the kernel's configuration drops these options (unmet dependency?):"$'\n'"$missing"
}

# own_make DIR ARGUMENT...: make as the kernel was and its modules have to be built.
own_make() {
    local dir=$1 cc=gcc
    shift
    command -v ccache > /dev/null && cc='ccache gcc'
    # CCACHE_BASEDIR would rewrite paths in __FILE__; CCACHE_NOHASHDIR is enough for one shared source folder.
    # MAKEFLAGS of a calling make must not reach kbuild.
    env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u KBUILD_OUTPUT CCACHE_NOHASHDIR=1 CCACHE_DIR="${CCACHE_DIR:-$CACHE/ccache}" \
        KBUILD_BUILD_TIMESTAMP='Thu Jan 1 00:00:00 UTC 1970' KBUILD_BUILD_USER=dsmip KBUILD_BUILD_HOST=dsmip \
        make -C "$dir/source" "${OWN_ARCH[@]}" CC="$cc" HOSTCC="$cc" "$@"
}

own_build() {
    local name=$1 dir=$2 source obj log start
    [ ! -e "$dir/complete" ] || return 0
    own_recipe "$name"
    source=$CACHE/source/linux-source-$(own_source_version)
    with_lock linux-source own_unpack_source "$source"
    rm -rf "$dir"
    mkdir -p "$dir/build"
    ln -s "$source" "$dir/source"
    obj=$dir/build log=$dir/build.log start=$SECONDS
    note "building kernel $name in $dir (about 10 minutes on two cores, once; log: $log)"
    own_wanted "${OWN_FRAGMENTS[@]}" > "$dir/wanted"
    echo "CONFIG_LOCALVERSION=\"-$name\"" >> "$dir/wanted"
    own_make "$dir" O="$obj" KCONFIG_ALLCONFIG="$dir/wanted" allnoconfig > "$log" 2>&1 ||
        die "$STATUS_NO_GUEST" "configuring $name failed, see $log"
    own_check_config "$dir/wanted" "$obj/.config"
    own_make "$dir" O="$obj" -j"$JOBS" "$OWN_TARGET" modules >> "$log" 2>&1 &
    own_progress $! "$name" "$log" "$start" ||
        { tail -n 30 "$log" >&2; die "$STATUS_NO_GUEST" "building $name failed, see $log"; }
    own_install "$dir" "$obj" >> "$log" 2>&1 || die "$STATUS_NO_GUEST" "installing $name failed, see $log"
    touch "$dir/complete"
    note "kernel $name is ready after $((SECONDS - start)) s"
}

# own_progress PID NAME LOG START: waits for PID, with a line every 30 s.
own_progress() {
    local pid=$1 name=$2 log=$3 start=$4 next=$((SECONDS + 30))
    while kill -0 "$pid" 2> /dev/null; do
        # Polling is fine here: nobody waits for the last second of a ten minute build.
        sleep 1
        [ $SECONDS -ge $next ] || continue
        next=$((SECONDS + 30))
        note "building $name: $(grep -c '^  CC' "$log") files compiled, $((SECONDS - start)) s"
    done
    wait "$pid"
}

own_install() {
    local dir=$1 obj=$2
    mv "$obj/$OWN_IMAGE" "$dir/$OWN_TARGET"
    # For user-mode-linux a hard link to the same program, else nothing that a module needs.
    rm -f "$obj/vmlinux"
    own_make "$dir" O="$obj" INSTALL_MOD_PATH="$dir/modules" modules_install
    rm -f "$dir"/modules/lib/modules/*/{build,source}
    cp "$obj/include/config/kernel.release" "$dir/release"
    # Modules need headers, generated files, Module.symvers and the programs in scripts/, but no objects.
    find "$obj" -path "$obj/scripts" -prune -o \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' -o -name '*.ko' \) -type f -print0 |
        xargs -0 rm -f
}
