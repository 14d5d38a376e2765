# SPDX-License-Identifier: GPL-2.0-or-later
"""ESP and GRE behind a TLV header: to and from the stack's own."""
import hashlib
import hmac
import itertools
import socket
import struct

from bench import *  # noqa: F403
from packet_bench import Inner, nl_json, run
from packets import *  # noqa: F403

KEY = bytes(range(20))


def tlv(encap, proto, data):
    if encap == "udp-tlv":
        return tlv_rfc(data, proto)
    return tlv_draft(data, {ESP: 3, GRE: 4}[proto])


def gre(inner, key=None):
    proto = 0x0800 if inner[0] >> 4 == 4 else 0x86DD
    return struct.pack("!HH", 0x2000 if key else 0, proto) + (struct.pack("!I", key) if key else b"") + inner


def esp(spi, sequence, data, proto):
    """Not encrypted, but authentic."""
    pad = -(len(data) + 2) % 4
    body = struct.pack("!II", spi, sequence) + data + bytes(range(1, pad + 1)) + bytes([pad, proto])
    return body + hmac.new(KEY, body, hashlib.sha1).digest()[:12]


def gre_received(b, outer, encap):
    name, n = f"in {outer} {encap}", 1 if outer == 4 else 2
    kind = "gre" if outer == 4 else "ip6gre"
    run("ip", "link", "add", "name", "g0", "type", kind, "local", local(outer), "remote", far(outer, n), "key", "7")
    run("ip", "link", "set", "g0", "addrgenmode", "none")
    run("ip", "link", "set", "g0", "up")
    tunnel_end, b.inner["ha0"] = b.inner["ha0"], Inner("g0")
    b.inner["ha0"].ifindex = tunnel_end.ifindex     # whose counters are asked for

    def packet(data, **more):
        return datagram(far(outer, n), local(outer), tlv(encap, GRE, data), more.get("port", 5000 + n), PORT)
    for version in (4, 6):
        inner = datagram(home(version, n), cn(version))
        b.inward(f"GRE {name}: {version}", "ha0", packet(gre(inner, 7)), inner, counts={"payload_in": 1})
        b.inward(f"GRE {name}: {version}, another end point", "ha0", packet(gre(inner, 7), port=9), "rx_end_point")
        b.inward(f"GRE {name}: {version}, no node", "ha0", packet(gre(datagram(home(version, 77), cn(version)), 7)),
                 "rx_no_node")
        for size in (1, 3, 4, 8, 12):
            b.inward(f"GRE {name}: {version} cut off after {size}", "ha0", packet(gre(inner, 7)[:size]), "rx_truncated")
    inner = gre(datagram(home(4, n), CN4), 7)
    for what, bits in (("version 1", b"\x20\x01"), ("routing", b"\x60\x00")):
        b.inward(f"GRE {name}: {what}", "ha0", packet(bits + inner[2:]), "rx_tlv_type")
    b.inward(f"GRE {name}: Ethernet", "ha0", packet(inner[:2] + b"\x65\x58" + inner[4:]), "rx_tlv_type")
    b.inner["ha0"] = tunnel_end
    run("ip", "link", "del", "g0")


def esp_received(b, outer, encap):
    """A datagram in ESP transport mode reaches a socket."""
    name, n, spi = f"in {outer} {encap}", 1 if outer == 4 else 2, 0x1000 + outer
    src, dst = far(outer, n), local(outer)
    run("ip", "xfrm", "state", "add", "src", src, "dst", dst, "proto", "esp", "spi", str(spi), "mode", "transport",
        "enc", "ecb(cipher_null)", "", "auth", "hmac(sha1)", "0x" + KEY.hex())
    with socket.socket(socket.AF_INET6 if outer == 6 else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((dst, 999))
        sock.settimeout(20)
        before = b.counters()
        b.network.send(datagram(src, dst, tlv(encap, ESP, esp(spi, 1, udp(src, dst, 888, 999, b"hello"), UDP)),
                                5000 + n, PORT))
        b.check(f"ESP {name}: received", (b"hello", 888), (lambda got: (got[0], got[1][1]))(sock.recvfrom(100)))
        b.check(f"ESP {name}: counted", {"ha0.payload_in": 1}, b.settle(before, {"ha0.payload_in": 1}))
    run("ip", "xfrm", "state", "flush")


def sent(b, outer, encap):
    """What the stack sends with the cookie of a path of that format goes into UDP, its outer IP header does not."""
    name, n = f"in {outer} {encap}", 1 if outer == 4 else 2
    cookie = nl_json("path-new", "ha0", "--remote", end_point(far(outer, n), 5000 + n), "--encap", encap,
                     "--local", local(outer), "--lifetime", "600s")[0]["cookie"]
    src, dst = local(outer), far(outer, n)
    for proto, data, df in itertools.product((ESP, GRE), (b"12345678", bytes(1200)), (0, DF)):
        more = {"frag": df} if outer == 4 else {}
        packet = ip(src, dst, proto, data, tos=0x28, ttl=9, **more)
        wanted = datagram(src, dst, tlv(encap, proto, data), PORT, 5000 + n, tos=0x28, **more)
        b.outward(f"{proto} {name}: {len(data)} octets, DF {df:#x}", "ha0", packet, wanted, mark=cookie,
                  counts={"payload_out": 1})
    b.outward(f"{name}: not to the end of the path", "ha0", ip(src, far(outer, 77), GRE, b"12345678"), "tx_no_node",
              mark=cookie)
    b.outward(f"{name}: no cookie", "ha0", ip(src, dst, ESP, b"12345678"), "tx_no_node")
    b.outward(f"{name}: neither ESP nor GRE", "ha0", ip(src, dst, 99, b"12345678"), "tx_no_node", mark=cookie)


def payloads(b):
    b.set_nodes("ha0", node_text(1, f"via {far(4, 1)}:5001 udp-tlv"), node_text(2, f"via [{far(6, 2)}]:5002 udp-tlv"))
    for outer, encap in itertools.product((4, 6), ("udp-tlv", "udp-tlv-draft")):
        gre_received(b, outer, encap)
        esp_received(b, outer, encap)
        sent(b, outer, encap)
    b.set_nodes("mn0", node_text(1, f"via {HA4}", base="b"))
    mn_port = nl_json("device-get", "mn0")[0]["udp_port"]
    inner = gre(datagram(CN4, home(4, 1, "b")))
    b.inward("mobile node: GRE not from the home agent's port", "mn0",
             datagram(FAR4, HA4, tlv_rfc(inner, GRE), 9, mn_port), "rx_end_point")
    b.inward("mobile node: ESP not from the home agent", "mn0",
             datagram(far(4, 1), HA4, tlv_rfc(bytes(40), ESP), PORT, mn_port), "rx_end_point")
    run("ip", "link", "set", "ha0", "down")
    b.inward("ESP while the device is down", "ha0",
             datagram(far(4, 1), HA4, tlv_rfc(bytes(40), ESP), 5001, PORT), "rx_device_down")
    run("ip", "link", "set", "ha0", "up")
