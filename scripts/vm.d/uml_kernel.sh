# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Builds the user-mode-linux kernels from Debian's linux-source and keeps them in the cache. Sourced by scripts/vm.
#
# A kernel lives in $CACHE/kernels/NAME-KEY (KEY: source version, compiler, wanted options, patches) with
#   linux    the kernel, an ordinary program
#   build/   what building a module needs of the object tree
#   source   the kernel source, shared by all kernels of one version
#   modules/ lib/modules/RELEASE as modprobe expects it

UML_SERIES=6.1
UML_TARBALL=/usr/src/linux-source-$UML_SERIES.tar.xz

# uml_fragments NAME: the files with the wanted options.
uml_fragments() {
    echo "$VM_DIR/config/guest.config"
    echo "$VM_DIR/config/uml.config"
    # The patches, applied to the source of both, change only what the debugging options report.
    [ "$1" != uml-debug ] || echo "$VM_DIR/config/debug.config"
}

uml_source_version() {
    dpkg-query -W -f '${Version}' "linux-source-$UML_SERIES" 2> /dev/null ||
        die "$STATUS_NO_GUEST" "package linux-source-$UML_SERIES is not installed: run scripts/setup kernel"
}

# uml_dir NAME: where the kernel is, or will be after uml_prepare.
uml_dir() {
    local name=$1 version fragments
    version=$(uml_source_version) || exit
    mapfile -t fragments < <(uml_fragments "$name")
    [ "$name" != uml-debug ] || fragments+=("$VM_DIR"/patches/*)
    echo "$CACHE/kernels/$name-$version-$({ gcc -dumpfullversion; cat "${fragments[@]}"; } | sha256sum | cut -c1-12)"
}

# uml_prepare NAME: builds unless cached; then uml_dir NAME is complete.
uml_prepare() {
    local dir
    dir=$(uml_dir "$1") || exit
    [ -e "$dir/complete" ] || with_lock "$1" uml_build "$1" "$dir"
}

# Folders whose C files no kernel here compiles: half of the source, and slow disks take minutes to unpack or remove it.
UML_UNUSED=(Documentation sound tools/perf tools/testing samples drivers/{gpu,media,staging,infiniband,scsi,usb,iio,mtd,hwmon}
    drivers/{clk,pinctrl,net/ethernet,net/wireless,input,platform,crypto,ata,nvme,nvdimm,soc,video,target,message,leds,mfd,power,regulator}
    fs/{xfs,btrfs,ocfs2,f2fs,gfs2,nfs,nfsd,cifs,ksmbd,ubifs,ceph,reiserfs,jfs,ntfs,ntfs3,afs} arch/a[lr]* arch/[chilmnoprs]*)

uml_unpack_source() {
    local dir=$1 key patch work folder exclude=()
    key=$(hash_of "$VM_DIR"/patches/*)
    [ "$(cat "$dir/complete" 2> /dev/null)" != "$key" ] || return 0
    note "unpacking $UML_TARBALL"
    # Kconfig files and makefiles stay: the rest of the tree names them.
    for folder in "${UML_UNUSED[@]}"; do
        exclude+=("--exclude=linux-source-*/$folder/*.[chS]" "--exclude=linux-source-*/$folder/*.rst" "--exclude=linux-source-*/$folder/*.dts*"
            "--exclude=linux-source-*/$folder/*.yaml" "--exclude=linux-source-*/$folder/*.json")
    done
    mkdir -p "${dir%/*}"
    work=$(mktemp -d "${dir%/*}/.unpack.XXXXXX")
    tar -xf "$UML_TARBALL" -C "$work" --strip-components=1 "${exclude[@]}" || die "$STATUS_NO_GUEST" "cannot unpack $UML_TARBALL"
    for patch in "$VM_DIR"/patches/*.patch; do
        patch -d "$work" -p1 -s < "$patch" || die "$STATUS_NO_GUEST" "$patch does not fit $UML_TARBALL"
    done
    echo "$key" > "$work/complete"
    # Modules of other runs may be using the old one until the moment it is replaced.
    [ ! -d "$dir" ] || mv "$dir" "$work.old"
    mv -T "$work" "$dir"
    rm -rf "$work.old"
}

# uml_wanted FILE...: fragments as lines of a .config.
uml_wanted() { sed -n 's/#.*//; s/[[:space:]]*$//; /^$/d; /=/!s/$/=y/; s/^/CONFIG_/; p' "$@"; }

uml_check_config() {
    local wanted=$1 config=$2 missing
    missing=$(grep -vxFf "$config" "$wanted" || true)
    [ -z "$missing" ] || die "$STATUS_NO_GUEST" "the kernel's configuration drops these options (unmet dependency?):"$'\n'"$missing"
}

# uml_make DIR ARGUMENT...: make as the kernel was and its modules have to be built.
uml_make() {
    local dir=$1 cc=gcc
    shift
    command -v ccache > /dev/null && cc='ccache gcc'
    # CCACHE_BASEDIR would rewrite paths in __FILE__; CCACHE_NOHASHDIR is enough for one shared source folder.
    # MAKEFLAGS of a calling make must not reach kbuild.
    env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u KBUILD_OUTPUT CCACHE_NOHASHDIR=1 CCACHE_DIR="${CCACHE_DIR:-$CACHE/ccache}" \
        KBUILD_BUILD_TIMESTAMP='Thu Jan 1 00:00:00 UTC 1970' KBUILD_BUILD_USER=dsmip KBUILD_BUILD_HOST=dsmip \
        make -C "$dir/source" ARCH=um SUBARCH=x86_64 CC="$cc" HOSTCC="$cc" "$@"
}

uml_build() {
    local name=$1 dir=$2 source fragments obj log start
    [ ! -e "$dir/complete" ] || return 0
    source=$CACHE/source/linux-source-$(uml_source_version)
    with_lock linux-source uml_unpack_source "$source"
    rm -rf "$dir"
    mkdir -p "$dir/build"
    ln -s "$source" "$dir/source"
    obj=$dir/build log=$dir/build.log start=$SECONDS
    note "building kernel $name in $dir (about 10 minutes on two cores, once; log: $log)"
    mapfile -t fragments < <(uml_fragments "$name")
    uml_wanted "${fragments[@]}" > "$dir/wanted"
    echo "CONFIG_LOCALVERSION=\"-$name\"" >> "$dir/wanted"
    uml_make "$dir" O="$obj" KCONFIG_ALLCONFIG="$dir/wanted" allnoconfig > "$log" 2>&1 ||
        die "$STATUS_NO_GUEST" "configuring $name failed, see $log"
    uml_check_config "$dir/wanted" "$obj/.config"
    uml_make "$dir" O="$obj" -j"$JOBS" linux modules >> "$log" 2>&1 &
    uml_progress $! "$name" "$log" "$start" ||
        { tail -n 30 "$log" >&2; die "$STATUS_NO_GUEST" "building $name failed, see $log"; }
    uml_install "$dir" "$obj" >> "$log" 2>&1 || die "$STATUS_NO_GUEST" "installing $name failed, see $log"
    touch "$dir/complete"
    note "kernel $name is ready after $((SECONDS - start)) s"
}

# uml_progress PID NAME LOG START: waits for PID, with a line every 30 s.
uml_progress() {
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

uml_install() {
    local dir=$1 obj=$2
    mv "$obj/linux" "$dir/linux"
    # A hard link to the same program.
    rm -f "$obj/vmlinux"
    uml_make "$dir" O="$obj" INSTALL_MOD_PATH="$dir/modules" modules_install
    rm -f "$dir"/modules/lib/modules/*/{build,source}
    cp "$obj/include/config/kernel.release" "$dir/release"
    # Modules need headers, generated files, Module.symvers and the programs in scripts/, but no objects.
    find "$obj" -path "$obj/scripts" -prune -o \( -name '*.o' -o -name '*.a' -o -name '.*.cmd' -o -name '*.ko' \) -type f -print0 |
        xargs -0 rm -f
}
