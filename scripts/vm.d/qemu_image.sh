# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2153
# The disks of a QEMU guest: programs (once per set of installed packages) and, per kernel, modules and initramfs. Built
# without root, kept in the cache. Sourced by scripts/vm.
#
#   $CACHE/images/programs-KEY.ext4         packages of the groups test and demo with all they depend on
#   $CACHE/kernels/KERNEL/modules.ext4      /usr/lib/kernel-modules/RELEASE in the guest
#   $CACHE/kernels/KERNEL/initrd            first program and the drivers for the disks

# Drivers the guest needs before it has its disks.
BOOT_MODULES=(crc32c_generic virtio_pci virtio_blk virtio_console virtio_rng ext4 overlay 9pnet_virtio 9p)
# Parts of a distribution's kernel that a guest can use: the rest is drivers of real hardware.
MODULE_FOLDERS=(net crypto lib arch drivers/virtio drivers/net/vxlan drivers/net/wireguard drivers/net/ipvlan
    drivers/char/hw_random fs/9p fs/netfs fs/fscache fs/overlayfs fs/ext4 fs/jbd2 fs/fuse)
MODULE_FILES=(drivers/net drivers/block drivers/char fs)
readonly BOOT_MODULES MODULE_FOLDERS MODULE_FILES

# guest_packages: what scripts/dependencies wants inside the guest.
guest_packages() { sed -n 's/#.*//; s/^\([^ ]*\) .*\(test\|demo\).*/\1/p' "$TREE/scripts/dependencies"; }

# guest_closure: these packages, all they depend on, and what Debian takes for granted.
guest_closure() {
    local packages
    mapfile -t packages < <(guest_packages)
    {
        apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
            --no-enhances "${packages[@]}" 2> /dev/null | sed -n 's/^\([a-z0-9][^: ]*\).*/\1/p'
        # shellcheck disable=SC2016 # dpkg-query's variables
        dpkg-query -W -f '${Essential} ${Package}\n' | sed -n 's/^yes //p'
    } | sort -u
}

# programs_image: sets PROGRAMS to the disk image.
programs_image() {
    local fast closure key
    # Unless packages have changed since, the answer is known without asking apt, which takes a second.
    fast=$CACHE/images/known-$({ dpkg-query -W; cat "$TREE/scripts/dependencies" "$VM_DIR/qemu_image.sh"; } | sha256sum | cut -c1-16)
    if [ -s "$fast" ]; then
        PROGRAMS=$(< "$fast")
        [ ! -e "$PROGRAMS" ] || return 0
    fi
    mkdir -p "$CACHE/images"
    closure=$(guest_closure)
    # shellcheck disable=SC2016,SC2046,SC2086 # dpkg-query's variables; a list of names
    key=$({ dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' $closure 2> /dev/null; cat "$VM_DIR/qemu_image.sh"; } |
        sha256sum | cut -c1-12)
    PROGRAMS=$CACHE/images/programs-$key.ext4
    [ -e "$PROGRAMS" ] || with_lock programs-image programs_build "$closure"
    echo "$PROGRAMS" > "$fast"
}

programs_build() {
    local closure=$1 work tree start=$SECONDS
    [ ! -e "$PROGRAMS" ] || return 0
    note "building the disk image with the guest's programs (once)"
    work=$(mktemp -d "$CACHE/images/.work.XXXXXX")
    tree=$work/tree
    mkdir -p "$tree"/{usr/bin,usr/sbin,usr/lib,usr/lib64,usr/lib32,usr/libx32,dev,proc,sys,tmp,run,root,mnt,var/tmp,var/lib}
    local name
    for name in bin sbin lib lib64 lib32 libx32; do
        if [ -L "/$name" ]; then ln -s "usr/$name" "$tree/$name"; fi
    done
    ln -s /run "$tree/var/run"
    programs_files "$closure" > "$work/list"
    tar -C / --no-recursion --ignore-failed-read -cf - -T "$work/list" 2> "$work/tar.log" |
        tar -C "$tree" --keep-directory-symlink --no-same-owner -xf - 2>> "$work/tar.log" ||
        { cat "$work/tar.log" >&2; die "$STATUS_NO_GUEST" "cannot copy the guest's programs"; }
    make_image "$tree" "$work/image"
    mv "$work/image" "$PROGRAMS"
    chmod -R u+w "$work"
    rm -rf "$work"
    note "disk image $PROGRAMS ready after $((SECONDS - start)) s"
}

# programs_files CLOSURE: paths without the first slash; what only people read stays away.
programs_files() {
    local package
    {
        for package in $1; do dpkg-query -L "$package" 2> /dev/null || true; done |
            grep -E '^/(bin|sbin|lib|lib32|lib64|etc|usr|var/lib)/' |
            grep -vE '^/usr/share/(doc|man|locale|info|icons|lintian|bug|perl|applications|bash-completion|zoneinfo|gdb)/|^/usr/lib/x86_64-linux-gnu/perl/|^/usr/lib/(udev|systemd)/|^/usr/include/'
        # Made by the packages' scripts, so in no list.
        find /etc/alternatives /usr/bin /usr/sbin -type l -lname '/etc/alternatives/*'
        find /etc/alternatives /usr/lib/python3*/ -name __pycache__ -prune -exec find {} + 2> /dev/null
        find /etc/alternatives -type l
        ls -d /etc/ld.so.cache /etc/passwd /etc/group /etc/nsswitch.conf /etc/protocols /etc/services /etc/hosts 2> /dev/null
    } | sort -u | while IFS= read -r file; do [ ! -e "$file" ] && [ ! -L "$file" ] || printf '%s\n' "${file#/}"; done
}

# make_image TREE FILE: an ext4 image that just fits.
make_image() {
    local tree=$1 image=$2 size inodes
    size=$(du -sm --apparent-size "$tree" | cut -f1)
    inodes=$(find "$tree" | wc -l)
    truncate -s "$((size * 5 / 4 + 24))M" "$image"
    PATH=$PATH:/sbin:/usr/sbin mke2fs -q -F -t ext4 -O '^has_journal,^metadata_csum' -m 0 -N $((inodes + 500)) -E root_owner=0:0 \
        -d "$tree" "$image" || die "$STATUS_NO_GUEST" "mke2fs failed for $image"
}

# kernel_disks: modules.ext4 and initrd of the resolved kernel; K_MODULES becomes the part of its modules that a guest gets.
kernel_disks() {
    K_DIR=$CACHE/kernels/$K_KEY-$(hash_of "$VM_DIR/qemu_image.sh" "$GUEST_INIT")
    [ -e "$K_DIR/complete" ] || with_lock "$K_KEY" kernel_disks_build
    K_MODULES=$K_DIR/tree/usr/lib/kernel-modules/$K_RELEASE
}

kernel_disks_build() {
    local target name file
    [ ! -e "$K_DIR/complete" ] || return 0
    note "building the disk image with the modules of $K_RELEASE (once)"
    rm -rf "$K_DIR"
    target=$K_DIR/tree/usr/lib/kernel-modules/$K_RELEASE
    mkdir -p "$target/kernel"
    if [ -n "$K_MODULES" ]; then
        for name in "${MODULE_FOLDERS[@]}"; do
            [ -d "$K_MODULES/kernel/$name" ] || continue
            mkdir -p "$target/kernel/$name"
            cp -rT "$K_MODULES/kernel/$name" "$target/kernel/$name"
        done
        for name in "${MODULE_FILES[@]}"; do
            mkdir -p "$target/kernel/$name"
            for file in "$K_MODULES/kernel/$name"/*.ko*; do [ ! -e "$file" ] || cp "$file" "$target/kernel/$name/"; done
        done
        cp "$K_MODULES"/modules.{order,builtin} "$target/"
        cp "$K_MODULES"/modules.builtin.modinfo "$target/" 2> /dev/null || true
    else
        touch "$target/modules.order" "$target/modules.builtin"
    fi
    mkdir -p "$K_DIR/tree/lib/modules"
    ln -s "../../usr/lib/kernel-modules/$K_RELEASE" "$K_DIR/tree/lib/modules/$K_RELEASE"
    PATH=$PATH:/sbin:/usr/sbin depmod -b "$K_DIR/tree" "$K_RELEASE" || die "$STATUS_NO_GUEST" "depmod failed for $K_RELEASE"
    initrd_build "$K_DIR/tree" "$K_DIR/initrd"
    rm -rf "$K_DIR/tree/lib"
    make_image "$K_DIR/tree" "$K_DIR/modules.ext4"
    touch "$K_DIR/complete"
}

# initrd_build MODULE_ROOT FILE
initrd_build() {
    local root=$1 image=$2 work module
    work=$(mktemp -d "$K_DIR/.initrd.XXXXXX")
    mkdir -p "$work"/{dev,proc,sys,mnt,modules}
    touch "$work/vm-initramfs"
    cp "$GUEST_INIT" "$work/init"
    for module in "${BOOT_MODULES[@]}"; do
        # A driver that is built in, or that a kernel lacks and does without.
        PATH=$PATH:/sbin:/usr/sbin modprobe -d "$root" -S "$K_RELEASE" --show-depends "$module" 2> /dev/null || true
    done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r module; do
        cp "$module" "$work/modules/"
        echo "/modules/${module##*/}"
    done > "$work/modules/order"
    (cd "$work" && find . | LC_ALL=C sort | cpio --quiet -o -H newc) > "$image" ||
        die "$STATUS_NO_GUEST" "cannot build $image"
    rm -rf "$work"
}
