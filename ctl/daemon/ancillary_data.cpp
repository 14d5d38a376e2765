// SPDX-License-Identifier: GPL-2.0-or-later
// Control messages of raw IPv6 sockets.
#include "daemon/ancillary_data.hpp"

#include <cstring>

#include <netinet/in.h>
#include <sys/socket.h>

#include "wire/extension_header.hpp"

namespace dsmip::daemon {

namespace {

constexpr std::uint8_t mobility_header_protocol = 135;

template<class Value>
std::optional<Value> value_of(std::span<const std::byte> data) {
    Value value;
    if (data.size() < sizeof value) {
        return std::nullopt;
    }
    std::memcpy(&value, data.data(), sizeof value);
    return value;
}

wire::Ipv6Address address_of(const in6_addr& raw) {
    wire::Ipv6Address address;
    static_assert(sizeof raw == sizeof address.bytes);
    std::memcpy(address.bytes.data(), &raw, sizeof raw);
    return address;
}

std::span<const std::uint8_t> as_octets(std::span<const std::byte> data) {
    // Octets under another name.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast)
    return {reinterpret_cast<const std::uint8_t*>(data.data()), data.size()};
}

template<class Value>
std::span<const std::byte> bytes_of(const Value& value) {
    return std::as_bytes(std::span(&value, 1));
}

/// Takes one control message into `result`; the error is the name of a drop counter.
tl::expected<void, std::string_view> take(int level, int type, std::span<const std::byte> data,
                                          ReceivedAncillary& result) {
    if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO) {
        if (const auto info = value_of<in6_pktinfo>(data)) {
            result.destination = address_of(info->ipi6_addr);
            result.link = info->ipi6_ifindex;
        }
    } else if (level == SOL_SOCKET && type == SO_MARK) {
        result.mark = value_of<std::uint32_t>(data).value_or(0);
    } else if (level == IPPROTO_IPV6 && type == IPV6_HOPLIMIT) {
        result.hop_limit = static_cast<std::uint8_t>(value_of<int>(data).value_or(0));
    } else if (level == IPPROTO_IPV6 && type == IPV6_DSTOPTS) {
        const auto options = wire::parse_destination_options(as_octets(data));
        if (!options) {
            return tl::make_unexpected(wire::drop_name(options.error().cause));
        }
        if (options->home_address) {
            if (result.wire_source) {
                return tl::make_unexpected(
                    wire::drop_name(wire::ExtensionHeaderCause::HomeAddressDuplicate));
            }
            result.wire_source = options->home_address;
        }
    }
    return {};
}

} // namespace

tl::expected<ReceivedAncillary, std::string_view>
read_ancillary(std::span<const std::byte> control) {
    ReceivedAncillary result;
    while (control.size() >= sizeof(cmsghdr)) {
        cmsghdr header{};
        std::memcpy(&header, control.data(), sizeof header);
        if (header.cmsg_len < CMSG_LEN(0) || header.cmsg_len > control.size()) {
            return tl::make_unexpected(std::string_view("control_malformed"));
        }
        const auto data = control.subspan(CMSG_LEN(0), header.cmsg_len - CMSG_LEN(0));
        if (auto taken = take(header.cmsg_level, header.cmsg_type, data, result); !taken) {
            return tl::make_unexpected(taken.error());
        }
        control = control.subspan(std::min(CMSG_ALIGN(header.cmsg_len), control.size()));
    }
    return result;
}

ControlBuffer::ControlBuffer(const SentAncillary& ancillary) {
    if (ancillary.source || ancillary.link != 0) {
        in6_pktinfo info{};
        if (ancillary.source) {
            std::memcpy(&info.ipi6_addr, ancillary.source->bytes.data(), sizeof info.ipi6_addr);
        }
        info.ipi6_ifindex = ancillary.link;
        append(IPPROTO_IPV6, IPV6_PKTINFO, bytes_of(info));
    }
    if (ancillary.routing_header) {
        const auto header =
            wire::build_type2_routing_header(mobility_header_protocol, *ancillary.routing_header);
        append(IPPROTO_IPV6, IPV6_RTHDR, std::as_bytes(std::span(header)));
    }
    if (ancillary.home_address_option) {
        const auto header = wire::build_home_address_header(mobility_header_protocol,
                                                            *ancillary.home_address_option);
        append(IPPROTO_IPV6, IPV6_DSTOPTS, std::as_bytes(std::span(header)));
    }
}

void ControlBuffer::append(int level, int type, std::span<const std::byte> data) {
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(data.size());
    header.cmsg_level = level;
    header.cmsg_type = type;
    std::memcpy(buffer_.data() + length_, &header, sizeof header);
    std::memcpy(buffer_.data() + length_ + CMSG_LEN(0), data.data(), data.size());
    length_ += CMSG_SPACE(data.size());
}

} // namespace dsmip::daemon
