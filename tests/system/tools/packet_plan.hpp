// SPDX-License-Identifier: GPL-2.0-or-later
// Requests that give ha0 and mn0 the settings and nodes which the packets of packet_build.hpp need.
#pragma once

#include <cstdint>
#include <vector>

#include <linux/dsmip.h>
#include <linux/netlink.h>

#include "genl_tree.hpp"
#include "packet_build.hpp"

namespace dsmip::tools {

/// `devices`: interface indexes of ha0 and mn0.
inline std::vector<Request> plan(const std::vector<std::uint32_t>& devices) {
    const auto port = [](std::uint16_t type, std::uint16_t value) {
        return scalar<std::uint16_t>(type, __builtin_bswap16(value));
    };
    std::vector<Request> requests;
    for (const bool home_agent : {true, false}) {
        requests.push_back(
            {.command = DSMIP_CMD_DEVICE_SET,
             .attributes = {
                 scalar<std::uint32_t>(DSMIP_A_IFINDEX, devices[home_agent ? 0 : 1]),
                 nest(DSMIP_A_DEVICE, {scalar<std::uint8_t>(DSMIP_DEVICE_A_ROLE,
                                                            home_agent ? DSMIP_ROLE_HOME_AGENT
                                                                       : DSMIP_ROLE_MOBILE_NODE),
                                       address(DSMIP_DEVICE_A_HOME_AGENT4,
                                               home_agent ? "192.0.2.1" : "192.0.2.254"),
                                       address(DSMIP_DEVICE_A_HOME_AGENT6,
                                               home_agent ? "2001:db8:1::1" : "2001:db8:1::254"),
                                       port(DSMIP_DEVICE_A_UDP_PORT,
                                            home_agent ? home_agent_port : mobile_node_port)})}});
    }
    for (const Format& format : all_formats()) {
        if (format.inner != 6) {
            continue;
        }
        Format with4 = format;
        with4.inner = 4;
        const Octets care_of = format.home_agent ? format.remote() : format.local();
        std::vector<Attribute> binding{
            {.type = static_cast<std::uint16_t>(care_of.size() == 4 ? DSMIP_BINDING_A_CARE_OF4
                                                                    : DSMIP_BINDING_A_CARE_OF6),
             .payload = care_of},
            scalar(DSMIP_BINDING_A_ENCAP, static_cast<std::uint8_t>(format.encap)),
            scalar<std::uint32_t>(DSMIP_BINDING_A_LIFETIME, 2000)};
        if (format.home_agent && format.encap != DSMIP_ENCAP_DIRECT) {
            binding.push_back(port(DSMIP_BINDING_A_PORT, format.remote_port()));
        }
        requests.push_back(
            {.command = DSMIP_CMD_BINDING_NEW,
             .flags = NLM_F_CREATE,
             .attributes = {
                 scalar<std::uint32_t>(DSMIP_A_IFINDEX, devices[format.home_agent ? 0 : 1]),
                 nest(DSMIP_A_NODE,
                      {{.type = DSMIP_NODE_A_HOME_ADDRESS, .payload = format.home()},
                       nest(DSMIP_NODE_A_HOME_ADDRESSES4,
                            {{.type = DSMIP_NODE_A_HOME_ADDRESS4, .payload = with4.home()}}),
                       nest(DSMIP_NODE_A_BINDING, std::move(binding))})}});
    }
    return requests;
}

} // namespace dsmip::tools
