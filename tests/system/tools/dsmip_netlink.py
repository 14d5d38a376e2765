# SPDX-License-Identifier: GPL-2.0-or-later
"""Requests of the generic netlink family "dsmip", octet by octet: for tests that send many, at a given moment,
or some that no proper program would send. Numbers come from the header of the contract."""
import errno
import os
import re
import socket
import struct

HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "uapi", "linux", "dsmip.h")
REQUEST, ACK, REPLACE, EXCL, CREATE, DUMP = 0x1, 0x4, 0x100, 0x200, 0x400, 0x300
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11


def contract():
    """Name to number of every enumerator."""
    with open(HEADER, encoding="ascii") as file:
        text = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)
    numbers = {}
    for body in re.findall(r"enum \w+ \{(.*?)\}", text, flags=re.S):
        for number, name in enumerate(word.strip() for word in body.split(",") if word.strip()):
            numbers[name] = number
    return numbers


NUMBERS = contract()


class Refused(Exception):
    def __init__(self, code, text):
        super().__init__(f"{text} [{errno.errorcode[code]}]")
        self.code, self.text = code, text


def attribute(kind, data):
    if isinstance(kind, str):
        kind = NUMBERS["DSMIP_" + kind]
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


def nest(kind, *parts):
    whole = attribute(kind, b"".join(parts))
    return whole[:2] + struct.pack("=H", struct.unpack("=H", whole[2:4])[0] | 0x8000) + whole[4:]


def attributes(data):
    while len(data) >= 4:
        length, kind = struct.unpack("=HH", data[:4])
        yield kind & 0x3FFF, data[4:length]
        data = data[(length + 3) & ~3:]


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def by_family(name, address):
    return name.format(6 if ":" in address else 4), packed(address)


BINDING_FORMATS = {"bid": "=H", "port": "!H", "encap": "=B", "priority": "=B", "lifetime": "=I", "link": "=I",
                   "sequence": "=H", "weight": "=B"}


def binding(**fields):
    """BINDING; `via` is an address, `home_link` a truth, `link_address` octets, others are numbers."""
    parts = []
    for key, value in fields.items():
        if key == "via":
            parts.append(attribute(*by_family("BINDING_A_CARE_OF{}", value)))
        elif key == "home_link":
            parts.append(attribute("BINDING_A_HOME_LINK", b""))
        elif key == "link_address":
            parts.append(attribute("BINDING_A_LINK_ADDRESS", value))
        else:
            parts.append(attribute("BINDING_A_" + key.upper(), struct.pack(BINDING_FORMATS[key], value)))
    return nest("NODE_A_BINDING", *parts)


FLOW_FORMATS = {"spi": "=I", "flow_label": "=I", "source_port": "=H", "destination_port": "=H",
                "traffic_class": "=B", "protocol": "=B"}


def flow(fid=None, priority=None, bids=None, **selectors):
    """FLOW; each selector is a value or a pair (start, end); None as start or end is left out."""
    parts = []
    if fid is not None:
        parts.append(attribute("FLOW_A_FID", struct.pack("=H", fid)))
    if priority is not None:
        parts.append(attribute("FLOW_A_PRIORITY", struct.pack("=H", priority)))
    if bids is not None:
        parts.append(nest("FLOW_A_BIDS", *(attribute("FLOW_A_BID", struct.pack("=H", bid)) for bid in bids)))
    for key, value in selectors.items():
        if key == "family":
            parts.append(attribute("FLOW_A_FAMILY", struct.pack("=B", value)))
            continue
        for side, one in zip(("START", "END"), value if isinstance(value, tuple) else (value, None)):
            if one is None:
                continue
            if key in ("source", "destination"):
                parts.append(attribute(*by_family(f"FLOW_A_{key.upper()}{{}}_{side}", one)))
            else:
                parts.append(attribute(f"FLOW_A_{key.upper()}_{side}", struct.pack(FLOW_FORMATS[key], one)))
    return nest("NODE_A_FLOW", *parts)


def node(home, *parts, home4=None):
    addresses = [] if home4 is None else [
        nest("NODE_A_HOME_ADDRESSES4", *(attribute("NODE_A_HOME_ADDRESS4", packed(one)) for one in home4))]
    return nest("A_NODE", attribute("NODE_A_HOME_ADDRESS", packed(home)), *addresses, *parts)


class Requests:
    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.socket.bind((0, 0))
        self.socket.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        reply = self.raw(16, 3, attribute(2, b"dsmip\0"), REQUEST)
        self.family = struct.unpack("=H", dict(attributes(reply[0]))[1][:2])[0]

    def raw(self, family, command, data, flags):
        """The attributes of each message that answers."""
        self.socket.send(struct.pack("=IHHIIBBH", 20 + len(data), family, flags, 1, 0, command, 1, 0) + data)
        replies = []
        while True:
            octets = self.socket.recv(1 << 17)
            while octets:
                length, kind, _ = struct.unpack("=IHH", octets[:8])
                message, octets = octets[:length], octets[(length + 3) & ~3:]
                if kind == 3:
                    return replies
                if kind == 2:
                    code = -struct.unpack("=i", message[16:20])[0]
                    if not code:
                        return replies
                    # Behind the error stands the header of the request (CAP_ACK).
                    texts = dict(attributes(message[36:]))
                    raise Refused(code, texts.get(1, b"").rstrip(b"\0").decode())
                replies.append(message[20:])
            if not flags & (ACK | DUMP):
                return replies

    def request(self, command, device, *parts, flags=REQUEST | ACK):
        index = socket.if_nametoindex(device) if isinstance(device, str) else device
        head = attribute("A_IFINDEX", struct.pack("=I", index)) if index else b""
        return self.raw(self.family, NUMBERS["DSMIP_CMD_" + command], head + b"".join(parts), flags)

    def binding_new(self, device, *nodes, flags=CREATE):
        self.request("BINDING_NEW", device, *nodes, flags=REQUEST | ACK | flags)

    def binding_del(self, device, *nodes):
        self.request("BINDING_DEL", device, *nodes)

    def flow_new(self, device, *nodes, flags=CREATE):
        self.request("FLOW_NEW", device, *nodes, flags=REQUEST | ACK | flags)

    def flow_del(self, device, *nodes):
        self.request("FLOW_DEL", device, *nodes)

    @staticmethod
    def flows(reply):
        """(home address, the FLOWs of the node as octets)."""
        contents = list(attributes(dict(attributes(reply))[NUMBERS["DSMIP_A_NODE"]]))
        return (socket.inet_ntop(socket.AF_INET6, dict(contents)[NUMBERS["DSMIP_NODE_A_HOME_ADDRESS"]]),
                [data for kind, data in contents if kind == NUMBERS["DSMIP_NODE_A_FLOW"]])

    def flow_get(self, device, address):
        replies = self.request("FLOW_GET", device, attribute(*by_family("A_ADDRESS{}", address)), flags=REQUEST)
        return self.flows(replies[0])

    def flow_dump(self, device=0):
        return [self.flows(reply) for reply in self.request("FLOW_GET", device, flags=REQUEST | DUMP)]
