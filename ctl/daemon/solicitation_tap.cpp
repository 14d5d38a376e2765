// SPDX-License-Identifier: GPL-2.0-or-later
// Packet socket for Mobile Prefix Solicitations.
#include "daemon/solicitation_tap.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/ancillary_data.hpp"
#include "wire/extension_header.hpp"

namespace dsmip::daemon {

namespace {

constexpr std::size_t ipv6_header_length = 40;
constexpr std::size_t next_header_offset = 6;
constexpr std::size_t hop_limit_offset = 7;
constexpr std::size_t source_offset = 8;
constexpr std::size_t destination_offset = 24;
// Behind the shortest destination options header that holds a Home Address option.
constexpr std::size_t message_offset = ipv6_header_length + 24;

/// Solicitations behind nothing but that header, to the home agent.
std::vector<sock_filter> filter_for(const wire::Ipv6Address& home_agent) {
    std::vector<sock_filter> program;
    const auto require = [&](std::uint16_t size, std::size_t offset, std::uint32_t value) {
        program.push_back({static_cast<std::uint16_t>(BPF_LD | BPF_ABS | size), 0, 0,
                           static_cast<std::uint32_t>(offset)});
        program.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, 0, value});
    };
    require(BPF_B, next_header_offset, wire::destination_options_protocol);
    require(BPF_B, ipv6_header_length, wire::icmpv6_protocol);
    require(BPF_B, message_offset, wire::type_mobile_prefix_solicitation);
    for (std::size_t i = 0; i < home_agent.bytes.size(); i += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, &home_agent.bytes.at(i), sizeof word);
        require(BPF_W, destination_offset + i, ntohl(word));
    }
    const auto end = program.size();
    for (std::size_t at = 1; at < end; at += 2) {
        program.at(at).jf = static_cast<std::uint8_t>(end - at); // to the second return
    }
    program.push_back({BPF_RET | BPF_K, 0, 0, 0xFFFF});
    program.push_back({BPF_RET | BPF_K, 0, 0, 0});
    return program;
}

wire::Ipv6Address address_at(std::span<const std::uint8_t> packet, std::size_t offset) {
    wire::Ipv6Address address;
    std::copy_n(packet.begin() + static_cast<std::ptrdiff_t>(offset), address.bytes.size(),
                address.bytes.begin());
    return address;
}

} // namespace

tl::expected<SolicitationTap, std::string>
SolicitationTap::open(const wire::Ipv6Address& home_agent) {
    // Without a protocol nothing comes before the filter is in place.
    const int fd = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const auto failed = [](std::string_view step) {
        return tl::make_unexpected(
            fmt::format("packet socket for solicitations, {}: {}{}", step, std::strerror(errno),
                        errno == EPERM ? "; the daemon needs CAP_NET_RAW" : ""));
    };
    if (fd < 0) {
        return failed("socket");
    }
    SolicitationTap tap(fd);
    auto program = filter_for(home_agent);
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
        return failed("filter");
    }
    const int yes = 1;
    if (::setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) != 0) {
        return failed("PACKET_IGNORE_OUTGOING");
    }
    if (::setsockopt(fd, SOL_SOCKET, SO_RCVMARK, &yes, sizeof yes) != 0) {
        return failed("SO_RCVMARK (Linux 5.19)");
    }
    sockaddr_ll local{};
    local.sll_family = AF_PACKET;
    local.sll_protocol = htons(ETHERTYPE_IPV6);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the API of sockets
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
        return failed("bind");
    }
    return tap;
}

SolicitationTap::SolicitationTap(SolicitationTap&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

SolicitationTap::~SolicitationTap() {
    if (fd_ >= 0) {
        ::close(fd_);
    }
}

tl::expected<mobility::ReceivedIcmpv6, std::string_view>
SolicitationTap::parse(std::span<const std::uint8_t> packet) {
    constexpr std::string_view truncated = "icmp_truncated";
    if (packet.size() < message_offset) {
        return tl::make_unexpected(truncated);
    }
    const std::size_t length = static_cast<std::size_t>(packet[4] << 8U) | packet[5];
    if (length > packet.size() - ipv6_header_length) {
        return tl::make_unexpected(truncated);
    }
    const auto payload = packet.subspan(ipv6_header_length, length); // frames are padded
    const auto options = wire::parse_destination_options(payload);
    if (!options) {
        return tl::make_unexpected(wire::drop_name(options.error().cause));
    }
    if (!options->home_address || options->next_header != wire::icmpv6_protocol) {
        return tl::make_unexpected(std::string_view("solicitation_no_home_address"));
    }
    mobility::ReceivedIcmpv6 message;
    message.source = *options->home_address;
    message.wire_source = address_at(packet, source_offset);
    message.destination = address_at(packet, destination_offset);
    message.hop_limit = packet[hop_limit_offset];
    message.octets = payload.subspan(options->length);
    return message;
}

tl::expected<std::optional<TappedSolicitation>, std::string_view> SolicitationTap::receive() {
    sockaddr_ll from{};
    iovec data{buffer_.data(), buffer_.size()};
    alignas(std::size_t) std::array<std::byte, 256> control{};
    msghdr header{};
    header.msg_name = &from;
    header.msg_namelen = sizeof from;
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const auto length = ::recvmsg(fd_, &header, 0);
    if (length < 0) {
        if (errno == EAGAIN || errno == EINTR) {
            return std::nullopt;
        }
        return tl::make_unexpected(std::string_view("socket_error"));
    }
    if (from.sll_pkttype != PACKET_HOST) {
        return tl::make_unexpected(std::string_view("solicitation_of_others"));
    }
    const auto ancillary = read_ancillary({control.data(), header.msg_controllen});
    auto message = parse({buffer_.data(), static_cast<std::size_t>(length)});
    if (!message) {
        return tl::make_unexpected(message.error());
    }
    message->link = static_cast<unsigned>(from.sll_ifindex);
    return TappedSolicitation{*message, ancillary ? ancillary->mark : 0};
}

} // namespace dsmip::daemon
