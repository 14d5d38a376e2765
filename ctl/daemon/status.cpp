// SPDX-License-Identifier: GPL-2.0-or-later
// Status as JSON.
#include "daemon/status.hpp"

#include <fmt/format.h>

#include "netlink/dsmip_family.hpp"

namespace dsmip::daemon {

namespace {

using wire::to_string;

Json home_agent_configuration(const HomeAgentConfiguration& configuration) {
    const auto& engine = configuration.engine;
    Json result;
    result["address6"] = to_string(engine.address6);
    result["address4"] = engine.address4 ? Json(to_string(*engine.address4)) : Json(nullptr);
    auto& prefixes = result["home_prefixes"] = Json::array();
    for (const auto& prefix : engine.home_prefixes) {
        prefixes.push_back(to_string(prefix));
    }
    result["address_pool"] =
        engine.address_pool ? Json(to_string(*engine.address_pool)) : Json(nullptr);
    result["listed_nodes"] = engine.nodes.size();
    result["accept_unlisted_nodes"] = engine.accept_unlisted_nodes;
    result["udp_port"] = configuration.udp_port;
    return result;
}

Json mobile_node_configuration(const MobileNodeConfiguration& configuration) {
    const auto& engine = configuration.engine;
    Json result;
    result["home_agent6"] = to_string(engine.home_agent6);
    result["home_agent4"] =
        engine.home_agent4 ? Json(to_string(*engine.home_agent4)) : Json(nullptr);
    result["mcoa"] = engine.mcoa;
    result["route"] = configuration.route == RoutedTraffic::all ? "all" : "home";
    return result;
}

} // namespace

Json drain_status(const std::optional<mobility::DrainStatus>& drain) {
    if (!drain) {
        return nullptr;
    }
    Json result;
    auto& to = result["to"] = Json::array();
    for (const auto& home_agent : drain->request.home_agents) {
        to.push_back(to_string(home_agent));
    }
    result["rate"] = drain->request.nodes_per_second;
    result["grace_s"] =
        std::chrono::duration_cast<std::chrono::seconds>(drain->request.grace).count();
    result["left"] = drain->waiting + drain->asked;
    result["asked"] = drain->asked;
    result["gone"] = drain->gone;
    result["messages"] = drain->messages;
    return result;
}

Json configuration_status(const Configuration& configuration) {
    return configuration.role == RoleName::home_agent
               ? home_agent_configuration(configuration.home_agent)
               : mobile_node_configuration(configuration.mobile_node);
}

Json counter_status(const std::vector<mobility::NamedCount>& engine, const Counters& daemon) {
    Json result = Json::object();
    for (const auto& count : engine) {
        result[count.name] = count.value;
    }
    for (const auto& [name, value] : daemon.values()) {
        result["daemon_" + name] = value;
    }
    return result;
}

Json binding_update_list_status(const std::vector<mobility::BindingUpdateListEntry>& list) {
    Json result = Json::array();
    for (const auto& entry : list) {
        Json row;
        row["bid"] = entry.bid;
        row["interface"] = entry.link_name;
        row["care_of"] =
            entry.care_of.is_unspecified() ? Json(nullptr) : Json(to_string(entry.care_of));
        row["state"] = to_string(entry.state);
        row["sequence"] = entry.sequence;
        row["remaining_ms"] = entry.remaining.count();
        // Both enumerations have the values of enum dsmip_encap.
        row["encapsulation"] =
            netlink::to_string(static_cast<netlink::Encapsulation>(entry.encapsulation));
        row["nat"] = entry.nat;
        row["forced_udp"] = entry.forced_udp;
        row["home_address4"] =
            entry.home_address4 ? Json(to_string(*entry.home_address4)) : Json(nullptr);
        row["keepalive_ms"] = entry.keepalive.count();
        row["attempts"] = entry.attempts;
        row["retry_ms"] = entry.retry.count();
        row["last_error"] = entry.last_error.empty() ? Json(nullptr) : Json(entry.last_error);
        result.push_back(std::move(row));
    }
    return result;
}

Json shared_addresses_status(const std::vector<mobility::SharedAddress>& list) {
    Json result = Json::array();
    for (const auto& shared : list) {
        result.push_back({{"interface", shared.link_name}, {"address", to_string(shared.address)}});
    }
    return result;
}

Json silent_care_of_status(const std::vector<mobility::SilentCareOf>& list) {
    Json result = Json::array();
    for (const auto& silent : list) {
        result.push_back({{"interface", silent.link_name},
                          {"care_of", to_string(silent.care_of)},
                          {"retry_ms", silent.retry.count()}});
    }
    return result;
}

} // namespace dsmip::daemon
