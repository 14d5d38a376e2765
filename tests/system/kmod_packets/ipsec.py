# SPDX-License-Identifier: GPL-2.0-or-later
"""IPsec of the host around the outer packets: ESP in transport mode that encrypts nothing, so that every octet is known."""
import itertools
import struct

from bench import *  # noqa: F403
from packet_bench import run
from packets import *  # noqa: F403

SPI_OUT, SPI_IN = 0x1001, 0x2001


def esp(spi, sequence, data, proto):
    padding = -(len(data) + 2) % 4
    return struct.pack("!II", spi, sequence) + data + bytes(range(1, padding + 1)) + bytes([padding, proto])


def protected(packet, spi, sequence):
    """`packet` with ESP behind its IP header."""
    if packet[0] >> 4 == 4:
        head, proto, data = packet[:20], packet[9], esp(spi, sequence, packet[20:], packet[9])
        head = head[:2] + struct.pack("!H", 20 + len(data)) + head[4:9] + bytes([ESP]) + b"\0\0" + head[12:]
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + data
    data = esp(spi, sequence, packet[40:], packet[6])
    return packet[:4] + struct.pack("!HB", len(data), ESP) + packet[7:40] + data


def xfrm(*words):
    run("ip", "xfrm", *words)


def state(near, far_end, spi):
    xfrm("state", "add", "src", near, "dst", far_end, "proto", "esp", "spi", hex(spi), "mode", "transport",
         "auth", "digest_null", "", "enc", "ecb(cipher_null)", "")


def policy(near, far_end, direction, *words):
    words = words or ("tmpl", "proto", "esp", "mode", "transport")
    xfrm("policy", "add", "src", near, "dst", far_end, "dir", direction, *words)


def ipsec(b):
    """Tunnel packets leave as ESP where a policy says so, and come back in; what a policy refuses has a name."""
    for n, (outer, encap) in enumerate(itertools.product((4, 6), ENCAPS), 1):
        via = far(outer, n) if encap == "direct" else end_point(far(outer, n), 5000 + n)
        b.set_nodes("ha0", node_text(n, f"via {via} {encap}"))
        name, near, end = f"in {outer} {encap}", local(outer), far(outer, n)
        packets = {version: (datagram(cn(version), home(version, n)), datagram(home(version, n), cn(version)))
                   for version in (4, 6)}

        def out(version):
            return tunnel(near, end, encap, packets[version][0], PORT, 5000 + n)

        def back(version):
            return tunnel(end, near, encap, packets[version][1], 5000 + n, PORT)
        b.outward(f"{name}: no policy yet", "ha0", packets[4][0], out(4))
        policy(near, end, "out")
        b.outward(f"{name}: ESP without a key", "ha0", packets[4][0], "tx_policy")
        xfrm("state", "flush")      # of what the kernel asked for in vain
        state(near, end, SPI_OUT)
        state(end, near, SPI_IN)
        policy(end, near, "in")
        for sequence, version in enumerate((4, 6), 1):
            b.outward(f"{name}: ESP out, {version}", "ha0", packets[version][0],
                      protected(out(version), SPI_OUT, sequence))
            b.inward(f"{name}: ESP in, {version}", "ha0", protected(back(version), SPI_IN, sequence),
                     packets[version][1])
        if encap == "direct":
            b.inward(f"{name}: without ESP", "ha0", back(4), "rx_policy")
        xfrm("policy", "flush")
        b.outward(f"{name}: no policy any more", "ha0", packets[4][0], out(4))
        policy(near, end, "out", "action", "block")
        for version in (4, 6):
            b.outward(f"{name}: refused, {version}", "ha0", packets[version][0], "tx_policy")
        xfrm("policy", "flush")
        xfrm("state", "flush")
        b.outward(f"{name}: allowed again", "ha0", packets[4][0], out(4))
