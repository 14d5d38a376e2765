# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Builds dsmip.ko for the resolved kernel, outside the source folders. Sourced by scripts/vm and scripts/check-kmod.
#
#   build/kmod/RELEASE/src/       copy of kmod/ and uapi/ with the objects
#   build/kmod/RELEASE/KEY/       what the guest gets below /lib/modules/RELEASE: dsmip.ko and the index of all modules

# module_sources: the files that decide what the module is.
module_sources() { find "$TREE/kmod" "$TREE/uapi" -type f \( -name '*.[chS]' -o -name Kbuild -o -name 'Makefile*' \) | LC_ALL=C sort; }

# module_stage: builds if needed; sets `stage` to the folder for the guest, empty when the tree has no module.
module_stage() {
    local sources key
    stage=
    [ ! -e "$TREE/kmod/Kbuild" ] && [ ! -e "$TREE/kmod/Makefile" ] && { note "no kmod/Kbuild in $TREE: guest without dsmip.ko"; return 0; }
    mapfile -t sources < <(module_sources)
    key=$({ echo "$K_KEY"; sha256sum "${sources[@]}"; cat "$VM_DIR/module.sh"; } | sha256sum | cut -c1-12)
    stage=$TREE/build/kmod/$K_RELEASE/$key
    [ -e "$stage/modules.dep" ] || module_build_locked
}

module_build_locked() {
    local top=$TREE/build/kmod/$K_RELEASE fd
    mkdir -p "$top"
    exec {fd}> "$top/lock"
    flock "$fd"
    # Another run may have done it meanwhile.
    if [ ! -e "$stage/modules.dep" ]; then
        module_build "$top" {fd}>&- || exit "$STATUS_NO_GUEST"
    fi
    exec {fd}>&-
}

module_build() {
    local top=$1 log=$1/build.log old
    [ -e "$K_BUILD/Makefile" ] ||
        die "$STATUS_NO_GUEST" "cannot build dsmip.ko: no headers of $K_RELEASE at $K_BUILD (package linux-headers-$K_RELEASE)"
    copy_sources "$top/src"
    kernel_make M="$top/src/kmod" -j"$JOBS" modules > "$log" 2>&1 || {
        grep -aE 'error|warning|Error|undefined' -A6 "$log" >&2 || tail -n 30 "$log" >&2
        die "$STATUS_NO_GUEST" "building dsmip.ko for $K_RELEASE failed, see $log"
    }
    ! grep -a 'warning:' -A6 "$log" >&2 || note "warnings while building dsmip.ko, see $log"
    # Old stages stay for guests that start right now, but not for ever.
    while read -r old; do rm -rf "$old"; done < <(find "$top" -mindepth 1 -maxdepth 1 -type d ! -name src -printf '%T@ %p\n' | sort -rn | tail -n +4 | cut -d' ' -f2-)
    stage_modules "$top" "$top/src/kmod/dsmip.ko"
}

# copy_sources TARGET: kmod/ and uapi/ side by side as in the tree; time stamps stay, so that make builds what changed.
copy_sources() {
    local target=$1 file sources
    mapfile -t sources < <(module_sources)
    if [ -d "$target" ]; then
        # A file that is gone must not be built any longer.
        while read -r file; do
            [ -e "$TREE/$file" ] || case $file in *.mod.c) ;; *) rm -rf "$target"; break ;; esac
        done < <(cd "$target" && find . -name '*.[ch]' -o -name Kbuild -o -name 'Makefile*')
    fi
    mkdir -p "$target"
    for file in "${sources[@]}"; do
        mkdir -p "$target/$(dirname "${file#"$TREE/"}")"
        cmp -s "$file" "$target/${file#"$TREE/"}" || cp "$file" "$target/${file#"$TREE/"}"
    done
    # Headers of another kernel build of the same release.
    if [ "$(cat "$target/kernel-key" 2> /dev/null)" != "$K_KEY" ]; then
        find "$target" \( -name '*.o' -o -name '*.ko' -o -name '.*.cmd' -o -name '*.mod*' \) -delete
        echo "$K_KEY" > "$target/kernel-key"
    fi
}

# stage_modules TOP KO: dsmip.ko in updates/ and an index over it and the kernel's own modules.
stage_modules() {
    local top=$1 ko=$2 work dir
    work=$(mktemp -d "$top/.stage.XXXXXX")
    dir=$work/lib/modules/$K_RELEASE
    mkdir -p "$dir/updates"
    cp "$ko" "$dir/updates/"
    if [ -n "$K_MODULES" ]; then
        ln -s "$K_MODULES/kernel" "$dir/kernel"
        cp "$K_MODULES"/modules.{order,builtin} "$dir/"
        cp "$K_MODULES"/modules.builtin.modinfo "$dir/" 2> /dev/null || true
    fi
    depmod -b "$work" "$K_RELEASE" || die "$STATUS_NO_GUEST" "depmod failed for $K_RELEASE"
    # Guests of user-mode-linux see the cache itself, others have the modules on a disk.
    [ "$K_KIND" = uml ] || ln -sfn "/usr/lib/kernel-modules/$K_RELEASE/kernel" "$dir/kernel"
    rm -rf "$stage"
    mv "$dir" "$stage"
    rm -rf "$work"
}

# other_module FOLDER: builds a module that is not dsmip; prints the path of its .ko file.
other_module() {
    local folder top name
    folder=$(cd "$1" 2> /dev/null && pwd) || die "$STATUS_USAGE" "no folder $1"
    name=$(sed -n 's/^obj-m *:*+*= *\([^ ]*\)\.o.*/\1/p' "$folder/Kbuild" 2> /dev/null)
    [ -n "$name" ] || die "$STATUS_USAGE" "no Kbuild with obj-m := NAME.o in $folder"
    top=$TREE/build/module/$K_RELEASE/$name
    mkdir -p "$top"
    (
        flock 9
        [ "$(cat "$top/.kernel-key" 2> /dev/null)" = "$K_KEY" ] || find "$top" -mindepth 1 ! -name .lock -delete
        echo "$K_KEY" > "$top/.kernel-key"
        for file in "$folder"/*; do cmp -s "$file" "$top/${file##*/}" || cp "$file" "$top/"; done
        kernel_make M="$top" modules > "$top/.log" 2>&1 || { cat "$top/.log" >&2; exit 1; }
    ) 9> "$top/.lock" || die "$STATUS_NO_GUEST" "building $folder for $K_RELEASE failed"
    echo "$top/$name.ko"
}
