# SPDX-License-Identifier: GPL-2.0-or-later
"""What is no good packet, and packets in pieces."""
import itertools
import struct

from bench import *  # noqa: F403
from packet_bench import Inner, run
from packets import *  # noqa: F403


def bad_udp(b):
    """What does not belong behind our UDP port."""
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}:5001 udp"))

    def outer(data):
        return datagram(far(4, 1), HA4, data, 5001, PORT)

    def drop(name, data, counter):
        b.inward(name, "ha0", outer(data), counter)
    for version, header in ((4, 20), (6, 40)):
        inner = datagram(home(version, 1), cn(version))
        b.inward(f"good {version}", "ha0", outer(inner), inner)
        for size in range(1, len(inner)):
            drop(f"{version} cut off after {size}", inner[:size], "rx_truncated")
        b.inward(f"{version} with padding behind", "ha0", outer(inner + b"padding"), inner)
        for tlv in (tlv_rfc, tlv_draft):
            name = f"{version} in {tlv.__name__}"
            for size in [*range(1, 5), 5, 4 + header - 1, 4 + header, 4 + len(inner) - 1]:
                if size <= 4:
                    drop(f"{name} cut off after {size}", tlv(inner)[:size], "rx_truncated")
                else:
                    drop(f"{name} cut off after {size}", tlv(inner)[:size], "rx_tlv_length")
                    drop(f"{name} cut off after {size}, length right", tlv(inner[:size - 4]), "rx_truncated")
            for wrong in (1, len(inner) - 1, len(inner) + 1, len(inner) + 4, 255):
                drop(f"{name} of length {wrong}", tlv(inner, None, wrong), "rx_tlv_length")
            drop(f"{name} of type or next header wrong", tlv(inner, 5 if tlv is tlv_rfc else 2 if version == 4 else 1), "rx_tlv_type")
        for wrong in (0, 65535):
            drop(f"{version} in TLV of length {wrong}", tlv_rfc(inner, None, wrong), "rx_tlv_length")
        b.inward(f"{version} in draft TLV of length 0", "ha0", outer(tlv_draft(inner, None, 0)), inner)
        for proto in (IPV6 if version == 4 else IPIP, 0, 59, 255):
            drop(f"{version} in TLV with next header {proto}", tlv_rfc(inner, proto), "rx_tlv_type")
        for kind in (2 if version == 4 else 1,):
            drop(f"{version} in draft TLV of type {kind}", tlv_draft(inner, kind), "rx_tlv_type")
        b.inward(f"{version} in draft TLV with reserved bits", "ha0",
                 outer(tlv_draft(inner)[:2] + b"\xff\xff" + inner), inner)
    drop("TLV in TLV", tlv_rfc(tlv_rfc(datagram(home(4, 1), CN4)), IPIP), "rx_tlv_type")
    drop("empty", b"", "rx_truncated")
    b.inward("keepalive", "ha0", outer(b"\xff"), "keepalive_in")
    drop("keepalive and more", b"\xff\xff", "rx_inner_version")
    for first in itertools.chain(range(5, 0x40), range(0x50, 0x60), range(0x70, 0x100)):
        drop(f"first octet {first:#04x}", bytes([first]) + bytes(59), "rx_inner_version")
    for first in range(0x40, 0x45):
        drop(f"first octet {first:#04x}", bytes([first]) + datagram(home(4, 1), CN4)[1:], "rx_inner_header")
    good = datagram(home(4, 1), CN4)
    for ihl in range(0, 5):
        drop(f"IPv4 header length {ihl}", bytes([0x40 | ihl]) + good[1:], "rx_inner_header")
    drop("IPv4 header longer than the packet", bytes([0x4f]) + good[1:], "rx_inner_header")
    for length in (0, 19):
        drop(f"IPv4 total length {length}", ip4(home(4, 1), CN4, UDP, bytes(20), length=length), "rx_inner_header")
    drop("IPv4 total length beyond", ip4(home(4, 1), CN4, UDP, bytes(20), length=41), "rx_truncated")
    drop("IPv6 payload length beyond", ip6(home(6, 1), CN6, UDP, bytes(20), length=21), "rx_truncated")
    drop("IPv6 payload length 65535", ip6(home(6, 1), CN6, UDP, bytes(20), length=65535), "rx_truncated")
    shorter = ip6(home(6, 1), CN6, 59, b"")
    b.inward("IPv6 without payload", "ha0", outer(shorter), shorter)
    options = ip4(home(4, 1), CN4, UDP, bytes([1, 1, 1, 0]) + bytes(8), ihl=6)
    b.inward("IPv4 with options", "ha0", outer(options), options)
    for source in ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"):
        drop(f"inner source {source}", datagram(source, CN4), "rx_inner_address")
    for source in ("::", "::1", "ff02::1", "::ffff:192.0.2.9"):
        drop(f"inner source {source}", datagram(source, CN6), "rx_inner_address")
    for version, address in ((4, "127.0.0.1"), (6, "::1")):
        drop(f"inner destination {address}", datagram(home(version, 1), address), "rx_inner_address")
    for version, deep in itertools.product((4, 6), (4, 6)):
        inside = tunnel(home(version, 1), cn(version), "direct", datagram(home(deep, 1), cn(deep)))
        b.inward(f"{deep} in {version} to others in UDP", "ha0", outer(inside), inside)
    other = datagram(home(4, 1), CN4, dport=PORT)
    b.inward("inner UDP to our port at another host is no tunnel", "ha0", outer(other), other)
    bad = bytearray(outer(datagram(home(4, 1), CN4)))
    bad[-1] ^= 1
    # The stack's own checksum test comes first: nothing of ours may move but what a good one moves.
    b.network.send(bytes(bad))
    b.inward("a good packet after one with a wrong UDP checksum, which vanished", "ha0", outer(other), other)
    b.inward("UDP length beyond the packet vanishes as well", "ha0",
             [ip4(far(4, 1), HA4, UDP, struct.pack("!HHHH", 5001, PORT, 200, 0) + good), outer(other)], other)


def bad_direct(b):
    """Direct packets: claimed ones are judged, others left to the kernel's own tunnels."""
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}"), node_text(2, f"via {far(6, 2)}"))
    for outer, n in ((4, 1), (6, 2)):
        remote = far(outer, n)

        def packet(inner, proto=None):
            return ip(remote, local(outer), proto or proto_of(inner), inner)
        for version, header in ((4, 20), (6, 40)):
            inner = datagram(home(version, n), cn(version))
            b.inward(f"good {version} in {outer}", "ha0", packet(inner), inner)
            for size in range(header, len(inner)):
                b.inward(f"{version} in {outer} cut off after {size}", "ha0", packet(inner[:size]), "rx_truncated")
            # Without a whole header nobody can tell whose it is.
            b.inward(f"{version} in {outer} without a whole header moves nothing", "ha0",
                     [packet(inner[:size], proto_of(inner)) for size in range(header)] + [packet(inner)], inner)
            for deep in (4, 6):
                nested = tunnel(home(version, n), cn(version), "direct", datagram(home(deep, 1), cn(deep)))
                b.inward(f"{deep} in {version} to others in {outer}", "ha0", packet(nested), nested)
            loop = "127.0.0.1" if version == 4 else "::1"
            b.inward(f"{version} in {outer} to {loop}", "ha0", packet(datagram(home(version, n), loop)), "rx_inner_address")
    for kind, name, outer, version in (("ipip", "t44", 4, 4), ("sit", "t64", 4, 6), ("ip6tnl", "t66", 6, 6)):
        run("ip", "link", "add", "name", name, "type", kind, "local", local(outer), "remote", far(outer, 50),
            *(["mode", "ip6ip6"] if kind == "ip6tnl" else []))
        run("ip", "link", "set", name, "up")
        b.inner[name] = other = Inner(name)
        stranger = datagram("2001:db8:77::1" if version == 6 else "198.51.100.77", cn(version))
        before = b.netlink.counters(b.inner["ha0"].ifindex)
        b.drain()
        b.network.send(tunnel(far(outer, 50), local(outer), "direct", stranger))
        got = b.wait(other)
        b.result(f"{kind} gets what no node claims", b.compare(stranger, got and got[0]))
        b.check(f"{kind}: our counters stay", before, b.netlink.counters(b.inner["ha0"].ifindex))
        own = datagram(home(version, 1), cn(version))
        del b.inner[name]
        b.inward(f"{kind} gets nothing that a node claims", "ha0", tunnel(far(outer, 50), local(outer), "direct", own),
                 "rx_end_point")
        b.check(f"{kind} got nothing", None, other.receive())
        run("ip", "link", "del", name)


def outer_fragments(b):
    """The stack reassembles the outer packet, whatever is in it."""
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}:5001 udp"), node_text(2, f"via {far(4, 2)}"),
              node_text(3, f"via [{far(6, 3)}]:5003 udp"), node_text(4, f"via {far(6, 4)}"))
    data = bytes(range(256)) * 7
    for n, outer, encap, version in itertools.product((1, 2, 3, 4), (4, 6), ENCAPS, (4, 6)):
        if (outer == 4) != (n < 3) or (encap == "direct") != (n in (2, 4)):
            continue
        inner = datagram(home(version, n), cn(version), data)
        whole = tunnel(far(outer, n), local(outer), encap, inner, 5000 + n, PORT)
        pieces = (fragments4 if outer == 4 else fragments6)(whole, 640)
        name = f"{version} in {outer} {encap} in {len(pieces)} fragments"
        b.inward(name, "ha0", pieces, inner)
        b.inward(f"{name}, last first", "ha0", pieces[::-1], inner)
    # One fragment alone is no packet, neither a good nor a bad one.
    good = datagram(home(4, 2), CN4)
    piece = fragments4(tunnel(far(4, 2), HA4, "direct", datagram(home(4, 2), CN4, data)), 640)[0]
    b.inward("a fragment without the others moves nothing", "ha0", [piece, tunnel(far(4, 2), HA4, "direct", good)], good)


def receive_states(b):
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}"), node_text(2, f"via {far(4, 2)}:5002 udp"))
    direct = tunnel(far(4, 1), HA4, "direct", datagram(home(6, 1), CN6))
    in_udp = tunnel(far(4, 2), HA4, "udp", datagram(home(6, 2), CN6), 5002, PORT)
    run("ip", "link", "set", "ha0", "down")
    b.inward("direct while the device is down", "ha0", direct, "rx_device_down")
    b.inward("UDP while the device is down", "ha0", in_udp, "rx_device_down")
    run("ip", "link", "set", "ha0", "up")
    for proto in ("ipv6", "udp"):
        run("ip", "xfrm", "policy", "add", "src", "192.0.2.0/24", "dst", HA4, "proto", proto, "dir", "in",
            "tmpl", "proto", "esp", "mode", "transport")
    b.inward("direct against IPsec policy", "ha0", direct, "rx_policy")
    # Of UDP the socket takes care; a packet that is allowed shows that it is over.
    run("ip", "xfrm", "policy", "flush")
    b.inward("direct again", "ha0", direct, datagram(home(6, 1), CN6))
    b.inward("UDP again", "ha0", in_udp, datagram(home(6, 2), CN6))
