// SPDX-License-Identifier: GPL-2.0-or-later
// The configuration of dsmipd: a TOML file turned into values, or into the list of all its
// mistakes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "mobility/home_agent.hpp"
#include "mobility/mobile_node.hpp"
#include "wire/address.hpp"

namespace dsmip::daemon {

enum class RoleName : std::uint8_t { home_agent, mobile_node };
/// "home-agent", "mobile-node".
std::string_view to_string(RoleName role);

/// [device]
struct DeviceConfiguration {
    std::string name = "dsmip0";
    /// Make the device if it is missing and delete it when everything is taken away.
    bool create = true;
    /// Name of the interface or VRF that outer packets belong to; empty = no VRF.
    std::string underlay;
    /// Of tunnels, octets; not set = as the kernel has it.
    std::optional<std::uint32_t> mtu;
    /// Routing table of the daemon's own routes.
    std::uint32_t table = 4191;
};

/// What a home agent leaves behind when it is stopped.
enum class OnStop : std::uint8_t {
    keep,   ///< everything: traffic goes on, a restarted daemon takes over
    remove, ///< nothing
};

/// [home-agent]
struct HomeAgentConfiguration {
    mobility::HomeAgentConfig engine;
    std::uint16_t udp_port = 4191; ///< 0 = no UDP
    /// [home-agent.home-link]: the interface of a real one; empty = virtual. Its index is found out
    /// when the daemon starts.
    std::string home_link;
    OnStop on_stop = OnStop::keep;
};

/// Which traffic of a mobile node takes the way through its home agent.
enum class RoutedTraffic : std::uint8_t {
    home, ///< what has a home address as source
    all,  ///< everything that is not for a network the node is attached to
};

/// [mobile-node]
struct MobileNodeConfiguration {
    mobility::MobileNodeConfig engine;
    std::uint16_t udp_port = 0; ///< 0 = any free one
    RoutedTraffic route = RoutedTraffic::home;
    std::chrono::seconds router_check{15}; ///< longest time between questions to an access's router
};

/// [store]
struct StoreConfiguration {
    bool enabled = true;
    std::string path = "/var/lib/dsmip/home-agent.db";
};

struct ConfigurationKey;

/// A value that is of the kind of its key and in range.
using KeyValue =
    std::variant<bool, std::int64_t, std::chrono::seconds, std::string, wire::Ipv6Address,
                 wire::Ipv4Address, wire::Prefix4, wire::Prefix6, std::vector<wire::Prefix6>,
                 std::vector<wire::Prefix4>, std::vector<wire::Ipv4Address>>;

/// A key as the file has it, for comparisons.
struct ConfigurationValue {
    const ConfigurationKey* key = nullptr;
    std::uint32_t element = 0; ///< of an array section, from 0
    std::uint32_t line = 0;
    KeyValue value;
};

struct Configuration {
    RoleName role = RoleName::home_agent;
    DeviceConfiguration device;
    HomeAgentConfiguration home_agent;   ///< only with that role
    MobileNodeConfiguration mobile_node; ///< only with that role
    StoreConfiguration store;            ///< home agent
    std::string control_socket = "/run/dsmip/dsmipd.sock";
    /// By number of the section in configuration_sections(), then in the order of its elements.
    std::vector<std::vector<ConfigurationValue>> values;
};

/// One thing wrong with a configuration file.
struct ConfigurationMistake {
    unsigned line = 0; ///< 1..; 0 = the file as a whole
    std::string key;   ///< e.g. "home-agent.max-lifetime"; empty = none in particular
    std::string text;  ///< what is wrong; what would be right

    friend bool operator==(const ConfigurationMistake&, const ConfigurationMistake&) = default;
};

/// "FILE:LINE: KEY: TEXT".
std::string to_string(const ConfigurationMistake& mistake, std::string_view file);

using ConfigurationMistakes = std::vector<ConfigurationMistake>;

/// All mistakes in the order of their lines, or the configuration. Syntax mistakes hide the others.
tl::expected<Configuration, ConfigurationMistakes> read_configuration(std::string_view text);

} // namespace dsmip::daemon
