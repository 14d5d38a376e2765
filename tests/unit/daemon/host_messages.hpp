// SPDX-License-Identifier: GPL-2.0-or-later
// The state of a host, built from rtnetlink messages as the kernel sends them.
#pragma once

#include <catch2/catch.hpp>

#include <cstring>
#include <span>
#include <string>
#include <vector>

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "netlink/network_state.hpp"

namespace dsmip::daemon::test {

class Message {
public:
    template<class Header>
    Message(std::uint16_t type, const Header& header) {
        append(nlmsghdr{});
        append(header);
        type_ = type;
    }
    Message& attribute(std::uint16_t type, std::span<const std::uint8_t> data) {
        rtattr attribute{};
        attribute.rta_type = type;
        attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(data.size()));
        append(attribute);
        const auto* octets = std::as_bytes(data).data();
        octets_.insert(octets_.end(), octets, octets + data.size());
        octets_.resize(NLMSG_ALIGN(octets_.size()));
        return *this;
    }
    template<class Value>
    Message& value(std::uint16_t type, const Value& value) {
        std::vector<std::uint8_t> data(sizeof value);
        std::memcpy(data.data(), &value, sizeof value);
        return attribute(type, data);
    }
    Message& text(std::uint16_t type, const std::string& text) {
        std::vector<std::uint8_t> data(text.begin(), text.end());
        data.push_back(0);
        return attribute(type, data);
    }
    std::span<const std::byte> done() {
        nlmsghdr header{};
        header.nlmsg_len = static_cast<std::uint32_t>(octets_.size());
        header.nlmsg_type = type_;
        std::memcpy(octets_.data(), &header, sizeof header);
        return octets_;
    }

private:
    template<class Value>
    void append(const Value& value) {
        const auto* octets = std::as_bytes(std::span(&value, 1)).data();
        octets_.insert(octets_.end(), octets, octets + sizeof value);
    }

    std::uint16_t type_ = 0;
    std::vector<std::byte> octets_;
};

class Host {
public:
    void link(unsigned index, const std::string& name, unsigned flags = IFF_UP | IFF_RUNNING,
              std::uint32_t carrier_changes = 1, std::uint32_t master = 0) {
        ifinfomsg info{};
        info.ifi_index = static_cast<int>(index);
        info.ifi_flags = flags;
        Message message(RTM_NEWLINK, info);
        message.text(IFLA_IFNAME, name).value(IFLA_CARRIER_CHANGES, carrier_changes);
        if (master != 0) {
            message.value(IFLA_MASTER, master);
        }
        apply(message);
    }
    /// A device that has others as ports, of a kind such as "vrf".
    void master(unsigned index, const std::string& name, const std::string& kind) {
        ifinfomsg info{};
        info.ifi_index = static_cast<int>(index);
        info.ifi_flags = IFF_UP | IFF_RUNNING;
        rtattr attribute{};
        attribute.rta_type = IFLA_INFO_KIND;
        attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(kind.size() + 1));
        std::vector<std::uint8_t> nested(RTA_SPACE(kind.size() + 1));
        std::memcpy(nested.data(), &attribute, sizeof attribute);
        std::memcpy(nested.data() + RTA_LENGTH(0), kind.c_str(), kind.size() + 1);
        apply(Message(RTM_NEWLINK, info).text(IFLA_IFNAME, name).attribute(IFLA_LINKINFO, nested));
    }
    void address(unsigned index, std::string_view text, std::uint32_t flags = IFA_F_PERMANENT,
                 std::uint8_t scope = RT_SCOPE_UNIVERSE, std::uint32_t updated = 0) {
        const auto parsed = wire::IpAddress::parse(text).value();
        ifaddrmsg info{};
        info.ifa_index = index;
        info.ifa_scope = scope;
        info.ifa_family = parsed.is_ipv4() ? AF_INET : AF_INET6;
        info.ifa_prefixlen = parsed.is_ipv4() ? 24 : 64;
        info.ifa_flags = static_cast<std::uint8_t>(flags);
        Message message(RTM_NEWADDR, info);
        if (const auto* v4 = parsed.ipv4()) {
            message.attribute(IFA_LOCAL, v4->bytes).attribute(IFA_ADDRESS, v4->bytes);
        } else {
            message.attribute(IFA_ADDRESS, parsed.ipv6()->bytes);
        }
        constexpr std::uint32_t forever = 0xffffffffU;
        apply(message.value(IFA_FLAGS, flags)
                  .value(IFA_CACHEINFO, ifa_cacheinfo{forever, forever, 0, updated}));
    }
    /// As a router advertisement sets or renews it; `updated` is the kernel's clock.
    void autoconfigured(unsigned index, std::string_view text, std::uint32_t updated) {
        address(index, text, 0, RT_SCOPE_UNIVERSE, updated);
    }
    void neighbour(unsigned index, std::string_view text, std::uint16_t state,
                   std::span<const std::uint8_t> link_address = {}) {
        const auto parsed = wire::IpAddress::parse(text).value();
        ndmsg info{};
        info.ndm_family = parsed.is_ipv4() ? AF_INET : AF_INET6;
        info.ndm_ifindex = static_cast<int>(index);
        info.ndm_state = state;
        Message message(RTM_NEWNEIGH, info);
        put(message, NDA_DST, parsed);
        if (!link_address.empty()) {
            message.attribute(NDA_LLADDR, link_address);
        }
        apply(message);
    }
    void no_default_route_by(unsigned index, std::string_view gateway) {
        default_route_by(index, gateway, RTM_DELROUTE);
    }
    void default_route_by(unsigned index, std::string_view gateway,
                          std::uint16_t type = RTM_NEWROUTE) {
        const auto parsed = wire::IpAddress::parse(gateway).value();
        rtmsg info{};
        info.rtm_family = parsed.is_ipv4() ? AF_INET : AF_INET6;
        info.rtm_table = RT_TABLE_MAIN;
        info.rtm_type = RTN_UNICAST;
        Message message(type, info);
        message.value(RTA_OIF, index).value(RTA_TABLE, std::uint32_t{RT_TABLE_MAIN});
        put(message, RTA_GATEWAY, parsed);
        apply(message);
    }
    void default_route(unsigned index, bool ipv4) {
        rtmsg info{};
        info.rtm_family = ipv4 ? AF_INET : AF_INET6;
        info.rtm_table = RT_TABLE_MAIN;
        info.rtm_type = RTN_UNICAST;
        info.rtm_protocol = RTPROT_STATIC;
        apply(Message(RTM_NEWROUTE, info)
                  .value(RTA_OIF, index)
                  .value(RTA_TABLE, std::uint32_t{RT_TABLE_MAIN}));
    }
    [[nodiscard]] const netlink::NetworkState& state() const { return state_; }
    [[nodiscard]] const netlink::Link& at(unsigned index) const { return *state_.find(index); }

private:
    static void put(Message& message, std::uint16_t type, const wire::IpAddress& address) {
        if (const auto* v4 = address.ipv4()) {
            message.attribute(type, v4->bytes);
        } else {
            message.attribute(type, address.ipv6()->bytes);
        }
    }
    void apply(Message message) {
        const auto change = state_.apply(message.done());
        REQUIRE(change);
    }

    netlink::NetworkState state_;
};

} // namespace dsmip::daemon::test
