// SPDX-License-Identifier: GPL-2.0-or-later
// Packet socket on the home link.
#include "daemon/home_link.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <linux/filter.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/clock.hpp"

namespace dsmip::daemon {

namespace {

constexpr std::size_t ethernet_header_length = 14;
constexpr std::size_t frame_maximum = 2048; // none of interest is longer
// Frames taken in one turn, so that a busy link does not starve the rest.
constexpr int turn_max = 256;

std::string failure(const std::string& interface, std::string_view what) {
    return fmt::format("home link {}, {}: {}{}", interface, what, std::strerror(errno),
                       errno == EPERM ? "; the daemon needs CAP_NET_RAW" : "");
}

/// ARP, Neighbor Solicitations and Advertisements, and what may be signalling to the home agent.
/// Everything else stays in the kernel.
std::vector<sock_filter> filter_for(const wire::Ipv6Address& home_agent) {
    constexpr std::uint32_t ethertype = 12;
    constexpr std::uint32_t next_header = 20;
    constexpr std::uint32_t destination = 38;
    constexpr std::uint32_t icmp_type = 54;
    const auto load = [](std::uint16_t size, std::uint32_t offset) {
        return sock_filter{static_cast<std::uint16_t>(BPF_LD | BPF_ABS | size), 0, 0, offset};
    };
    // Where a comparison leads to is filled in below, when all instructions have their places.
    const auto equal = [](std::uint32_t value) {
        return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, 0, value};
    };
    std::vector<sock_filter> program{
        load(BPF_H, ethertype),      // 0
        equal(wire::ethertype_arp),  // 1
        equal(wire::ethertype_ipv6), // 2
        load(BPF_B, next_header),    // 3
        equal(IPPROTO_ICMPV6),       // 4
        load(BPF_B, icmp_type),      // 5
        equal(135),                  // 6: Neighbor Solicitation
        equal(136),                  // 7: Neighbor Advertisement
        equal(135),                  // 8: Mobility Header
        equal(IPPROTO_DSTOPTS),      // 9
        equal(IPPROTO_ESP),          // 10
    };
    for (std::uint32_t i = 0; i < 4; ++i) { // from 11 on, two each
        std::uint32_t word = 0;
        std::memcpy(&word, &home_agent.bytes.at(std::size_t{4} * i), sizeof word);
        program.push_back(load(BPF_W, destination + 4 * i));
        program.push_back(equal(ntohl(word)));
    }
    const auto accept = static_cast<unsigned>(program.size());
    const auto drop = accept + 1;
    program.push_back({BPF_RET | BPF_K, 0, 0, frame_maximum});
    program.push_back({BPF_RET | BPF_K, 0, 0, 0});
    const auto jump = [&](unsigned at, unsigned yes, unsigned no) {
        program.at(at).jt = static_cast<std::uint8_t>(yes - at - 1);
        program.at(at).jf = static_cast<std::uint8_t>(no - at - 1);
    };
    jump(1, accept, 2);
    jump(2, 3, drop);
    jump(4, 5, 8);
    jump(6, accept, 7);
    jump(7, accept, drop);
    jump(8, 11, 9);
    jump(9, 11, 10);
    jump(10, 11, drop);
    for (unsigned at = 12; at < accept; at += 2) {
        jump(at, at + 1, drop);
    }
    return program;
}

/// The home agent's address if it stands on the interface, else a link-local one of it.
wire::Ipv6Address source_on(const std::string& interface, const wire::Ipv6Address& home_agent) {
    auto source = home_agent;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0) {
        return source;
    }
    for (const auto* entry = all; entry != nullptr; entry = entry->ifa_next) {
        if (entry->ifa_addr == nullptr || entry->ifa_addr->sa_family != AF_INET6 ||
            interface != entry->ifa_name) {
            continue;
        }
        sockaddr_in6 ipv6{};
        std::memcpy(&ipv6, entry->ifa_addr, sizeof ipv6);
        wire::Ipv6Address address;
        std::memcpy(address.bytes.data(), &ipv6.sin6_addr, address.bytes.size());
        if (address == home_agent) {
            source = home_agent;
            break;
        }
        if (address.is_link_local()) {
            source = address;
        }
    }
    ::freeifaddrs(all);
    return source;
}

/// None: the interface is gone, or of another kind.
std::optional<wire::EthernetAddress> ethernet_address(int fd, const std::string& interface) {
    ifreq request{};
    interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
    if (::ioctl(fd, SIOCGIFHWADDR, &request) != 0 || request.ifr_hwaddr.sa_family != ARPHRD_ETHER) {
        return std::nullopt;
    }
    wire::EthernetAddress address{};
    std::memcpy(address.data(), request.ifr_hwaddr.sa_data, address.size());
    return address;
}

struct OpenSocket {
    int fd;
    unsigned index; ///< of the interface
};

/// On the interface that has the name now.
tl::expected<OpenSocket, std::string> open_socket(const std::string& interface,
                                                  const wire::Ipv6Address& home_agent) {
    const unsigned index = ::if_nametoindex(interface.c_str());
    if (index == 0) {
        return tl::make_unexpected(fmt::format("home link: there is no interface {}", interface));
    }
    // Without a protocol nothing comes before the filter is in place.
    const int fd = ::socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return tl::make_unexpected(failure(interface, "packet socket"));
    }
    const auto give_up = [fd](std::string reason) {
        ::close(fd);
        return tl::make_unexpected(std::move(reason));
    };
    auto program = filter_for(home_agent);
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
        return give_up(failure(interface, "filter"));
    }
    // Of what this host sends nothing is of interest, and each packet would be copied.
    const int yes = 1;
    if (::setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) != 0) {
        return give_up(failure(interface, "PACKET_IGNORE_OUTGOING"));
    }
    // Solicitations go to as many groups as there are nodes.
    packet_mreq membership{};
    membership.mr_ifindex = static_cast<int>(index);
    membership.mr_type = PACKET_MR_ALLMULTI;
    if (::setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership, sizeof membership) != 0) {
        return give_up(failure(interface, "all multicast groups"));
    }
    sockaddr_ll local{};
    local.sll_family = AF_PACKET;
    // Of all protocols, so that a frame is seen here before the stack handles its packet.
    local.sll_protocol = htons(ETH_P_ALL);
    local.sll_ifindex = static_cast<int>(index);
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): the API of sockets
    if (::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
        return give_up(failure(interface, "bind"));
    }
    if (!ethernet_address(fd, interface)) {
        return give_up(fmt::format("home link {}: not an Ethernet interface", interface));
    }
    return OpenSocket{fd, index};
}

wire::Nonce random_nonce() {
    std::random_device random;
    wire::Nonce nonce{};
    std::generate(nonce.begin(), nonce.end(),
                  [&] { return static_cast<std::uint8_t>(random() & 0xFFU); });
    return nonce;
}

} // namespace

// ---------------------------------------------------------------- sources of frames

void FrameSources::note(const wire::Ipv6Address& source,
                        const wire::EthernetAddress& link_address) {
    if (known_.insert_or_assign(source, link_address).second) {
        order_.push_back(source);
        if (order_.size() > limit) {
            known_.erase(order_.front());
            order_.pop_front();
        }
    }
}

mobility::LinkAddress FrameSources::find(const wire::Ipv6Address& source) const {
    const auto found = known_.find(source);
    if (found == known_.end()) {
        return {};
    }
    return {found->second.begin(), found->second.end()};
}

// ---------------------------------------------------------------- home link

tl::expected<std::unique_ptr<HomeLink>, std::string>
HomeLink::open(const std::string& interface, const wire::Ipv6Address& home_agent) {
    const auto opened = open_socket(interface, home_agent);
    if (!opened) {
        return tl::make_unexpected(opened.error());
    }
    std::unique_ptr<HomeLink> link(new HomeLink(opened->fd, opened->index, interface, home_agent));
    (void)link->read_link_address();
    return link;
}

HomeLink::HomeLink(int fd, unsigned index, std::string interface,
                   const wire::Ipv6Address& home_agent)
    : fd_(fd)
    , index_(index)
    , interface_(std::move(interface))
    , home_agent_(home_agent)
    , proxy_({source_on(interface_, home_agent), random_nonce()}) {}

tl::expected<void, std::string> HomeLink::reopen() {
    const auto opened = open_socket(interface_, home_agent_);
    if (!opened) {
        return tl::make_unexpected(opened.error());
    }
    const bool started = watch_.has_value();
    watch_.reset();
    ::close(fd_);
    fd_ = opened->fd;
    index_ = opened->index;
    sources_ = {};
    proxy_.set_source(source_on(interface_, home_agent_));
    (void)read_link_address();
    proxy_.announce_again(now());
    if (started) {
        watch();
        abandon_detections();
        set_timer();
    }
    return {};
}

HomeLink::~HomeLink() {
    stop();
    ::close(fd_);
}

void HomeLink::start(asio::io_context& loop, DadDone done) {
    done_ = std::move(done);
    loop_ = &loop;
    watch();
    timer_.emplace(loop, [this] {
        send(proxy_.tick(now()));
        finish_turn();
    });
}

void HomeLink::watch() {
    watch_.emplace(*loop_, fd_, [this] {
        read_frames();
        finish_turn();
    });
}

void HomeLink::abandon_detections() {
    proxy_.abandon_detections();
    finish_turn();
}

void HomeLink::stop() {
    watch_.reset();
    timer_.reset();
}

bool HomeLink::read_link_address() {
    const auto address = ethernet_address(fd_, interface_);
    if (address) {
        proxy_.set_link_address(*address);
    }
    return address.has_value();
}

void HomeLink::claim(const mobility::ClaimHomeAddress& claim) {
    if (claim.announce) {
        (void)read_link_address(); // it may have been changed
    }
    send(proxy_.claim(now(), claim));
    set_timer();
}

void HomeLink::release(const wire::Ipv6Address& home_address) {
    proxy_.release(home_address);
}

void HomeLink::start_dad(const mobility::StartDad& request) {
    if (!read_link_address() || !send(proxy_.start_dad(now(), request))) {
        proxy_.abandon_dad(request.request);
    }
    set_timer();
}

mobility::LinkAddress HomeLink::link_address_of(const wire::Ipv6Address& source) {
    read_frames();
    set_timer();
    return sources_.find(source);
}

void HomeLink::read_frames() {
    std::array<std::uint8_t, frame_maximum> buffer{};
    for (int i = 0; i < turn_max; ++i) {
        const auto length = ::recv(fd_, buffer.data(), buffer.size(), 0);
        if (length < static_cast<ssize_t>(ethernet_header_length)) {
            return; // nothing waits, or the interface has gone down
        }
        const std::span<const std::uint8_t> frame(buffer.data(), static_cast<std::size_t>(length));
        wire::EthernetAddress source{};
        std::copy_n(frame.begin() + 6, source.size(), source.begin());
        const auto ethertype = static_cast<std::uint16_t>((frame[12] << 8U) | frame[13]);
        const auto payload = frame.subspan(ethernet_header_length);
        constexpr std::size_t ipv6_header_length = 40;
        constexpr std::size_t next_header = 6;
        if (ethertype == wire::ethertype_ipv6 && payload.size() >= ipv6_header_length &&
            payload[next_header] != IPPROTO_ICMPV6) {
            wire::Ipv6Address address;
            std::copy_n(payload.begin() + 8, address.bytes.size(), address.bytes.begin());
            sources_.note(address, source);
        } else {
            send(proxy_.receive(ethertype, source, payload));
        }
    }
}

bool HomeLink::send(const mobility::EthernetFrames& frames) {
    bool all = true;
    for (const auto& frame : frames) {
        std::vector<std::uint8_t> octets(frame.destination.begin(), frame.destination.end());
        const auto& source = proxy_.link_address();
        octets.insert(octets.end(), source.begin(), source.end());
        octets.push_back(static_cast<std::uint8_t>(frame.ethertype >> 8U));
        octets.push_back(static_cast<std::uint8_t>(frame.ethertype & 0xFFU));
        octets.insert(octets.end(), frame.payload.begin(), frame.payload.end());
        if (::send(fd_, octets.data(), octets.size(), 0) < 0) {
            ++send_failures_;
            all = false;
        }
    }
    return all;
}

void HomeLink::finish_turn() {
    // Answers may begin the next detection.
    for (auto outcomes = proxy_.take_outcomes(); !outcomes.empty();
         outcomes = proxy_.take_outcomes()) {
        for (const auto& [request, outcome] : outcomes) {
            done_(request, outcome);
        }
    }
    set_timer();
}

void HomeLink::set_timer() {
    if (timer_) {
        timer_->set(proxy_.next_deadline());
    }
}

std::vector<mobility::NamedCount> HomeLink::counters() const {
    const auto& counts = proxy_.counters();
    return {{"home_link_claimed", proxy_.size()},
            {"home_link_solicitations_answered", counts.solicitations_answered},
            {"home_link_arp_requests_answered", counts.arp_requests_answered},
            {"home_link_dad_started", counts.dad_started},
            {"home_link_dad_duplicates", counts.dad_duplicates},
            {"home_link_conflicts", counts.conflicts},
            {"home_link_send_failures", send_failures_}};
}

} // namespace dsmip::daemon
