// SPDX-License-Identifier: GPL-2.0-or-later
// The home agent's host.
#include "daemon/home_agent_host.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <vector>

#include <spdlog/spdlog.h>

#include <linux/dsmip.h>

#include "netlink/link_monitor.hpp"

namespace dsmip::daemon {

void set_limits(netlink::DeviceSettings& settings, const mobility::HomeAgentPolicy& policy) {
    // Half of the path cookies there are.
    constexpr std::uint32_t stranger_burst_maximum = 4096;
    const auto burst = [](std::uint32_t rate, std::uint32_t maximum) {
        return std::clamp<std::uint32_t>(mobility::HomeAgentPolicy::saved_seconds * rate, 1,
                                         maximum);
    };
    settings.source_rate = policy.updates_per_source;
    settings.source_burst = burst(policy.updates_per_source, DSMIP_SIGNALLING_RATE_MAX);
    settings.network_rate = policy.updates_per_network;
    settings.network_burst = burst(policy.updates_per_network, DSMIP_SIGNALLING_RATE_MAX);
    settings.stranger_rate = policy.updates_of_strangers;
    settings.stranger_burst = burst(policy.updates_of_strangers, stranger_burst_maximum);
}

void warn_about_host(const HomeAgentConfiguration& configuration) {
    const auto monitor = netlink::LinkMonitor::open();
    if (monitor) {
        const auto on_host = [&](const wire::IpAddress& wanted) {
            const auto& links = monitor->state().links();
            return std::any_of(links.begin(), links.end(), [&](const auto& link) {
                const auto& addresses = link.second.addresses;
                return std::any_of(addresses.begin(), addresses.end(),
                                   [&](const auto& address) { return address.address == wanted; });
            });
        };
        if (!on_host(configuration.engine.address6)) {
            spdlog::warn("address6 {} is on no interface of this host; no mobile node can reach "
                         "the home agent until it is",
                         to_string(configuration.engine.address6));
        }
        if (configuration.engine.address4 && !on_host(*configuration.engine.address4)) {
            spdlog::warn("address4 {} is on no interface of this host; no mobile node can reach "
                         "the home agent over IPv4 until it is",
                         to_string(*configuration.engine.address4));
        }
    }
    const auto filters = configuration.home_link.empty()
                             ? std::vector<std::string>{}
                             : std::vector<std::string>{"all", configuration.home_link};
    for (const auto& interface : filters) {
        std::ifstream file("/proc/sys/net/ipv4/conf/" + interface + "/rp_filter");
        int value = 0;
        if (file >> value && value == 1) {
            spdlog::warn("net.ipv4.conf.{}.rp_filter is 1 (strict): IPv4 packets of hosts on the "
                         "home link would be dropped, because the way back to them leads through "
                         "the tunnel device; set it to 0 or 2",
                         interface);
        }
    }
    constexpr std::array forwarding{"/proc/sys/net/ipv6/conf/all/forwarding",
                                    "/proc/sys/net/ipv4/ip_forward"};
    for (const auto* path : forwarding) {
        std::ifstream file(path);
        int value = 1;
        if (file >> value && value == 0) {
            spdlog::warn("{} is 0: this host forwards nothing to mobile nodes", path);
        }
    }
}

tl::expected<std::unique_ptr<HomeLink>, std::string>
open_home_link(HomeAgentConfiguration& configuration) {
    auto& link = configuration.engine.home_link.link;
    link = 0;
    if (configuration.home_link.empty()) {
        return nullptr;
    }
    auto opened = HomeLink::open(configuration.home_link, configuration.engine.address6);
    if (opened) {
        link = (*opened)->index();
    }
    return opened;
}

} // namespace dsmip::daemon
