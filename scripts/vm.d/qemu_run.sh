# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2054,SC2153,SC2154
# Starts a QEMU guest. Sourced by scripts/vm.

QEMU=qemu-system-x86_64

# qemu_prepare: images and accelerator; everything that is the same for all runs.
qemu_prepare() {
    command -v $QEMU > /dev/null || die "$STATUS_NO_GUEST" "no $QEMU: run scripts/setup guest"
    kernel_disks
    programs_image
    choose_accelerator
}

# choose_accelerator: sets ACCEL to kvm or tcg.
choose_accelerator() {
    local verdict
    [ "$ACCEL" = auto ] || return 0
    ACCEL=tcg
    [ -r /dev/kvm ] && [ -w /dev/kvm ] || return 0
    # Proved once per boot of this machine, user and QEMU.
    verdict=$CACHE/kvm-$({ cat /proc/sys/kernel/random/boot_id; id -u; $QEMU --version; } | sha256sum | cut -c1-12)
    [ -s "$verdict" ] || with_lock kvm prove_kvm "$verdict"
    ACCEL=$(< "$verdict")
}

# prove_kvm FILE: a /dev/kvm that can be opened may still hang or fail; only a guest that boots tells.
prove_kvm() {
    local file=$1 log pid i
    [ ! -s "$file" ] || return 0
    note "trying whether a guest boots with KVM (at most 15 s, once)"
    log=$(mktemp "${TMPDIR:-/tmp}/dsmip-kvm.XXXXXX")
    "$KEEPER" --watch $$ --limit 15 -- $QEMU -accel kvm -cpu host -M q35 -m 256 -nodefaults -display none -no-reboot \
        -serial "file:$log" -kernel "$K_IMAGE" -initrd "$K_DIR/initrd" -append "console=ttyS0 loglevel=7 panic=-1 vm.probe=1" \
        > /dev/null 2>&1 < /dev/null &
    pid=$!
    for ((i = 0; i < 150; i++)); do
        kill -0 "$pid" 2> /dev/null || break
        ! grep -qa 'vm-guest: alive' "$log" || break
        sleep 0.1
    done
    # A process that hangs inside KVM may not even die: nobody waits for it.
    kill "$pid" 2> /dev/null || true
    disown "$pid" 2> /dev/null || true
    if grep -qa 'vm-guest: alive' "$log"; then echo kvm; else echo tcg; fi > "$file"
    rm -f "$log"
}

# qemu_command STATE: sets `guest` to the command line; output and console leave through descriptors 3 and 4.
qemu_command() {
    local state=$1 cpu share threads=multi
    # Counted instructions need one thread for all processors.
    case " ${QEMU_WORDS[*]} " in *' -icount '*) threads=single ;; esac
    if [ "$ACCEL" = kvm ]; then
        cpu=host
        note "guest $K_RELEASE with KVM"
    else
        # Emulation executes rep stosb byte by byte; without erms the kernel uses something faster.
        cpu=max,-erms,-fsrm
        note "guest $K_RELEASE in software emulation (no usable KVM)"
    fi
    # A busy host runs the guest too late for the kernel's test of the timer, which ends in a panic (no_timer_check).
    share='security_model=none,multidevs=remap'
    guest=("$QEMU" -M q35 -cpu "$cpu" -smp "$CPUS" -m "$MEM" -nodefaults -display none -no-reboot
        -kernel "$K_IMAGE" -initrd "$K_DIR/initrd"
        -append "console=ttyS0 loglevel=5 panic=-1 nokaslr mitigations=off no_timer_check kasan_multi_shot ${APPEND[*]}"
        -drive "file=$PROGRAMS,format=raw,if=virtio,readonly=on" -drive "file=$K_DIR/modules.ext4,format=raw,if=virtio,readonly=on"
        -virtfs "local,path=${state//,/,,}/job,mount_tag=job,$share"
        -virtfs "local,path=${TREE//,/,,},mount_tag=tree,readonly=on,$share"
        -chardev file,id=console,path=/dev/fd/4 -serial chardev:console
        -device virtio-rng-pci -device virtio-serial-pci "${QEMU_WORDS[@]}")
    [ "$ACCEL" = kvm ] && guest+=(-accel kvm) || guest+=(-accel "tcg,thread=$threads")
    [ -z "$ARTIFACTS" ] || guest+=(-virtfs "local,path=${ARTIFACTS//,/,,},mount_tag=artifacts,$share")
    if [ "$KIND" = shell ]; then
        guest+=(-chardev stdio,id=output,signal=off -device virtconsole,chardev=output)
        echo /dev/hvc0 > "$state/job/channel"
    else
        guest+=(-chardev file,id=output,path=/dev/fd/3 -device virtserialport,chardev=output,name=output)
        echo port > "$state/job/channel"
    fi
}
