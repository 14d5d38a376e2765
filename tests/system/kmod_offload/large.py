# SPDX-License-Identifier: GPL-2.0-or-later
"""BIG TCP: packets beyond 64 KiB, which the stack makes of IPv6 where an operator allows it, into each outer header.

    cn (cn0) ---- (ha1) ha (ha0) ---- (mn0) mn

They are too large for any device that says nothing of them, ours as the tunnels of the kernel: the stack segments them
before. They come from a sender, or GRO of the home agent makes them."""
import socket
import time

import checksums
import host
import kinds
from host import FORMATS, FULL, PATIENCE, Snmp, move, risen, run, set_features, tcp_pair

SIZE = 190000
LIMIT = 65535
DATA = bytes(range(251)) * 20000
# Where they come from: features of the sender, of the cable's end at the home agent.
SOURCES = {"sent": ({}, {}), "merged": (kinds.SEGMENTED, dict(gro=1))}


def sizes(size):
    for name, device in (("cn", "cn0"), ("ha", "ha1")):
        run(name, "ip", "link", "set", device, "gso_max_size", size, "gro_max_size", size)


def longest(tap):
    """Octets of the longest IPv6 packet since the last look."""
    length = 0
    while True:
        try:
            length = max(length, tap.socket.recv_into(bytearray(1), 1, socket.MSG_TRUNC))
        except BlockingIOError:
            return length


def cell(label, tap, snmp, large_seen):
    before = snmp.read()
    tap.switch(True)
    pair = tcp_pair(6, "cn", checksums.CN[6], "mn", kinds.HOME[6])
    pair[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 << 20)
    problems = [move(*pair, DATA, PATIENCE)] + risen(before, snmp.read())
    large_seen.append(longest(tap))
    tap.switch(False)
    for one in pair:
        one.close()
    host.result(label, "; ".join(filter(None, problems)))


def main(whole):
    """@whole: both sources with each format and way out; else each format once."""
    snmp = Snmp("cn", "ha", "mn")
    begin = time.monotonic()
    tap = kinds.Tap("ha", "ha1")
    checksums.clear()
    sizes(SIZE)
    run("ha", "tc", "qdisc", "replace", "dev", "ha1", "clsact")
    run("cn", "sysctl", "-qw", "net.ipv4.tcp_min_tso_segs=130")
    large = {source: [] for source in SOURCES}
    for turn, (v, encap) in enumerate(FORMATS):
        kinds.register(v, encap)
        chosen = [(source, out) for source in SOURCES for out in kinds.OUT]
        for source, out in chosen if whole else [chosen[turn * 3 % len(chosen)]]:
            kinds.arrange("cn", *SOURCES[source], False)
            kinds.set_out(kinds.OUT[out])
            cell(f"large, {source}, in {v} {encap}, way out: {out}", tap, snmp, large[source])
    for source, lengths in large.items():
        if lengths:
            host.result(f"large, {source}: packets beyond {LIMIT} octets",
                        None if max(lengths) > LIMIT else f"the longest had {max(lengths)}")
    sizes(65536)
    run("cn", "sysctl", "-qw", "net.ipv4.tcp_min_tso_segs=16")
    set_features("cn", "cn0", **FULL)
    kinds.set_out(FULL)
    print(f"== large: after {time.monotonic() - begin:.1f} s", flush=True)
