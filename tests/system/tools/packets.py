# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds IP packets byte for byte, for tests that compare them. No dependency: a packet library
takes longer to start in an emulated guest than the tests themselves."""
import socket
import struct

IPIP, TCP, UDP, IPV6, ROUTING, FRAGMENT, ESP, ICMPV6, DSTOPTS, MH = 4, 6, 17, 41, 43, 44, 50, 58, 60, 135
HOP_BY_HOP, GRE, AH, NOTHING = 0, 47, 51, 59
DF, MF = 0x4000, 0x2000


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def family(address):
    return 6 if ":" in address else 4


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def pseudo(src, dst, length, proto):
    if family(src) == 6:
        return packed(src) + packed(dst) + struct.pack("!IxxxB", length, proto)
    return packed(src) + packed(dst) + struct.pack("!xBH", proto, length)


def ip4(src, dst, proto, payload, tos=0, ttl=64, ident=0, frag=0, length=None, ihl=5, version=4):
    head = struct.pack("!BBHHHBBH", version << 4 | ihl, tos, 20 + len(payload) if length is None else length,
                       ident, frag, ttl, proto, 0) + packed(src) + packed(dst)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ip6(src, dst, proto, payload, tos=0, ttl=64, length=None, label=0):
    return struct.pack("!IHBB", 6 << 28 | tos << 20 | label, len(payload) if length is None else length,
                       proto, ttl) + packed(src) + packed(dst) + payload


def ip(src, dst, proto, payload, **more):
    return (ip6 if family(src) == 6 else ip4)(src, dst, proto, payload, **more)


def with_checksum(src, dst, proto, data, at):
    """`data` with its checksum, at offset `at` and zero before, filled in; UDP never sends 0."""
    value = checksum(pseudo(src, dst, len(data), proto) + data)
    if proto == UDP and value == 0:
        value = 0xFFFF
    return data[:at] + struct.pack("!H", value) + data[at + 2:]


def udp(src, dst, sport, dport, data):
    return with_checksum(src, dst, UDP, struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data, 6)


def tcp(src, dst, sport, dport, sequence, flags, data):
    return with_checksum(src, dst, TCP, struct.pack("!HHIIBBHHH", sport, dport, sequence, 1, 5 << 4, flags,
                                                    8192, 0, 0) + data, 16)


def datagram(src, dst, data=b"data", sport=1000, dport=2000, **more):
    """A whole UDP packet."""
    return ip(src, dst, UDP, udp(src, dst, sport, dport, data), **more)


def mobility_header(src, dst, mh_type=5, data=bytes(10)):
    head = struct.pack("!BBBBH", 59, (6 + len(data)) // 8 - 1, mh_type, 0, 0) + data
    return with_checksum(src, dst, MH, head, 4)


def home_address_option(home, length=16):
    return bytes([0xC9, length]) + packed(home)


def destination_options(following, options=b"", length=None):
    """A Destination Options header before `following`: `options`, behind padding that aligns a Home Address option
    (8n+6), and padding to its end; `length` as its length field when that is not right."""
    body = (b"\1\2\0\0" if options[:1] == b"\xc9" else b"") + options
    missing = -(2 + len(body)) % 8
    body += b"" if not missing else b"\0" if missing == 1 else bytes([1, missing - 2]) + bytes(missing - 2)
    return bytes([following, (2 + len(body)) // 8 - 1 if length is None else length]) + body


def routing_header(following, home, kind=2, left=1, length=2):
    return bytes([following, length, kind, left]) + bytes(4) + packed(home)


def proto_of(inner):
    return IPIP if inner[0] >> 4 == 4 else IPV6


def tlv_rfc(inner, proto=None, length=None):
    """Header of RFC 5845 and `inner`."""
    return struct.pack("!BBH", 0, proto_of(inner) if proto is None else proto,
                       len(inner) if length is None else length) + inner


def tlv_draft(inner, kind=None, length=None):
    """Header of the draft and `inner`; a length that does not fit is 0."""
    if length is None:
        length = len(inner) if len(inner) < 256 else 0
    return struct.pack("!BBH", (1 if inner[0] >> 4 == 4 else 2) if kind is None else kind, length, 0) + inner


def tunnel(src, dst, encap, inner, sport=0, dport=0, **more):
    """`inner` in a tunnel packet of the format `encap`."""
    if encap == "direct":
        return ip(src, dst, proto_of(inner), inner, **more)
    data = {"udp": lambda x: x, "udp-tlv": tlv_rfc, "udp-tlv-draft": tlv_draft}[encap](inner)
    return datagram(src, dst, data, sport, dport, **more)


def normalised(packet):
    """`packet` without what the kernel chooses freely: identification of IPv4. Wrong header
    checksums stay visible."""
    if packet[0] >> 4 != 4 or checksum(packet[:20]) != 0:
        return packet
    blank = packet[:4] + b"\0\0" + packet[6:10] + b"\0\0" + packet[12:20]
    return blank[:10] + struct.pack("!H", checksum(blank)) + blank[12:] + packet[20:]


def fragments4(packet, size):
    """An IPv4 packet in fragments with `size` octets of payload."""
    payload, out = packet[20:], []
    src, dst = socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    for at in range(0, len(payload), size):
        more = MF if at + size < len(payload) else 0
        out.append(ip4(src, dst, packet[9], payload[at:at + size], ident=77, frag=more | at // 8))
    return out


def fragments6(packet, size):
    payload, out = packet[40:], []
    src, dst = (socket.inet_ntop(socket.AF_INET6, packet[i:i + 16]) for i in (8, 24))
    for at in range(0, len(payload), size):
        more = at + size < len(payload)
        head = struct.pack("!BBHI", packet[6], 0, at | more, 77)
        out.append(ip6(src, dst, FRAGMENT, head + payload[at:at + size]))
    return out


def reassembled(packets):
    """The payload behind the outer IP header of fragments, and their protocol."""
    parts, proto = {}, None
    for p in packets:
        if p[0] >> 4 == 4:
            parts[(struct.unpack("!H", p[6:8])[0] & 0x1FFF) * 8] = p[20:]
            proto = p[9]
        else:
            parts[struct.unpack("!H", p[42:44])[0] & 0xFFF8] = p[48:]
            proto = p[40]
    data = b""
    for at in sorted(parts):
        if at != len(data):
            return proto, None
        data += parts[at]
    return proto, data
