# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Reads a guest's console and decides whether its kernel misbehaved. Sourced by scripts/vm.

# The kernel's own words for trouble. "Call Trace:" alone catches what has no heading of its own.
FAULTS='BUG:|WARNING:|Oops|Kernel panic|general protection|Call Trace:|INFO: task .* blocked|rcu: INFO: |soft lockup|workqueue lockup'
FAULTS+='|possible (recursive|circular|irq) |suspicious RCU|inconsistent lock state|KASAN|UBSAN:|ODEBUG:|refcount_t:|corruption'
FAULTS+='|unregister_netdevice: waiting|Kernel mode (fault|signal)|Segfault with no mm|vm-guest: memory leak|unreferenced object'
FAULTS+='|Objects remaining|double free|sleeping function called|DEBUG_LOCKS_WARN|leaked reference'
# Says the same words without trouble.
HARMLESS='kasan: KernelAddressSanitizer initialized|kasan_multi_shot|Kernel command line|kmemleak: Kernel memory leak detector'
readonly FAULTS HARMLESS

# The console without the traces of the processes that the guest dumped because time was nearly up.
console_without_dump() { sed '/vm-guest: time is nearly up/,$ { /Call Trace:\|NMI backtrace/d }' "$1" | grep -aEv "$HARMLESS"; }

# has_fault CONSOLE
has_fault() { console_without_dump "$1" | grep -aE "$FAULTS" > /dev/null; }

# print_fault CONSOLE: from the first fault on.
print_fault() { console_without_dump "$1" | grep -aE -m1 -B3 -A150 "$FAULTS" | sed 's/\r$//; s/^/  | /' >&2; }

# print_tail CONSOLE LINES
print_tail() { tail -n "$2" "$1" | sed 's/\r$//; s/^/  | /' >&2; }

# judge STATE CONSOLE TIMED_OUT: prints what went wrong, returns the exit status of the run.
judge() {
    local state=$1 console=$2 timed_out=$3 status=
    [ ! -s "$state/job/status" ] || status=$(< "$state/job/status")
    if has_fault "$console"; then
        note "FAULT in the guest's kernel (command's status: ${status:-none}):"
        print_fault "$console"
        [ -z "$KEEP" ] || note "whole console: $console"
        return "$STATUS_GUEST_FAULT"
    elif [ "$timed_out" = yes ]; then
        note "TIMEOUT: the guest did not finish within $TIMEOUT s; the end of its console:"
        print_tail "$console" 100
        [ -z "$KEEP" ] || note "whole console: $console"
        return "$STATUS_TIMEOUT"
    elif [ -z "$status" ]; then
        note "the guest ended without a result; the end of its console:"
        print_tail "$console" 60
        return "$STATUS_GUEST_FAULT"
    fi
    return "$status"
}
