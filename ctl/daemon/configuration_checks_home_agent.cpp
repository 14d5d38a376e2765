// SPDX-License-Identifier: GPL-2.0-or-later
// Contradictions in the configuration of a home agent.
#include "daemon/configuration_checker.hpp"

#include <algorithm>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "daemon/prefix_set.hpp"
#include "mobility/lease_pool.hpp"
#include "wire/discovery.hpp"

namespace dsmip::daemon {

namespace {

using wire::to_string;

class HomeAgentChecker : ConfigurationChecker {
public:
    explicit HomeAgentChecker(ReadConfiguration& read)
        : ConfigurationChecker(read) {}

    void check() {
        const auto& agent = read_.configuration.home_agent;
        const auto& engine = agent.engine;
        if (const auto at = line("home-agent", "address-pool");
            at != 0 && find("home-agent", "address4") == nullptr) {
            mistake(at, "home-agent.address-pool",
                    "hands out IPv4 home addresses, but the home agent has no IPv4 address; add "
                    "address4 or leave the pool out");
        }
        if (const auto at = line("home-agent", "impose-udp"); at != 0 && engine.impose_udp) {
            if (find("home-agent", "address4") == nullptr) {
                mistake(at, "home-agent.impose-udp",
                        "wants UDP, but the home agent has no IPv4 address; add address4 or set "
                        "it to false");
            } else if (line("home-agent", "udp-port") != 0 && agent.udp_port == 0) {
                mistake(at, "home-agent.impose-udp",
                        "contradicts udp-port = 0 (no UDP); set one of them otherwise");
            }
        }
        if (line("home-agent", "home-prefixes") != 0 && engine.home_prefixes.empty()) {
            mistake(line("home-agent", "home-prefixes"), "home-agent.home-prefixes",
                    "is empty; wanted at least one prefix of home addresses");
        }
        check_home_prefixes();
        if (const auto at = line("home-agent.home-link", "interface");
            at != 0 && agent.home_link == read_.configuration.device.name) {
            mistake(at, "home-agent.home-link.interface",
                    fmt::format("{} is the tunnel device; wanted the interface to the home link",
                                agent.home_link));
        }
        if (engine.nodes.empty() && !engine.accept_unlisted_nodes &&
            section_line("home-agent.node") == 0) {
            mistake(section_line("home-agent"), "home-agent.node",
                    "no mobile node could register; list them in sections [[home-agent.node]] or "
                    "set accept-unlisted-nodes = true");
        }
        check_nodes();
        check_prefixes();
        check_discovery();
    }

private:
    /// In order of addresses a prefix is in the widest before it that reaches so far.
    void check_home_prefixes() {
        const auto at = line("home-agent", "home-prefixes");
        auto prefixes = read_.configuration.home_agent.engine.home_prefixes;
        std::sort(prefixes.begin(), prefixes.end());
        const wire::Prefix6* around = nullptr;
        for (const auto& prefix : prefixes) {
            if (at == 0 || around == nullptr || !around->contains(prefix)) {
                around = &prefix;
            } else if (*around != prefix) {
                mistake(at, "home-agent.home-prefixes",
                        fmt::format("{} is in {}; wanted prefixes that do not overlap",
                                    to_string(prefix), to_string(*around)));
            }
        }
    }

    /// The home agent's own address, and that it is no anycast address of a home prefix.
    void check_address6() {
        const auto& engine = read_.configuration.home_agent.engine;
        const auto at = line("home-agent", "address6");
        for (const auto& prefix : engine.home_prefixes) {
            if (at != 0 && wire::is_reserved_anycast(prefix, engine.address6)) {
                mistake(at, "home-agent.address6",
                        fmt::format("{} is an anycast address of the home prefix {}; wanted one "
                                    "that only the home agent has",
                                    to_string(engine.address6), to_string(prefix)));
            }
        }
    }

    /// What the hosts of the pool would take for all of them.
    void refuse_network_of_pool(const wire::Ipv4Address& address, unsigned at,
                                std::string_view key) {
        constexpr std::uint8_t two_hosts = wire::Ipv4Address::bit_length - 1;
        const auto& pool = read_.configuration.home_agent.engine.address_pool;
        if (line("home-agent", "address-pool") == 0 || pool->length >= two_hosts ||
            !pool->contains(address)) {
            return;
        }
        const auto first = mobility::to_number(pool->address);
        const auto last = first | (0xFFFFFFFFU >> pool->length);
        const auto number = mobility::to_number(address);
        if (number == first || number == last) {
            mistake(at, key,
                    fmt::format("{} is the {} address of the address-pool {}; wanted the address "
                                "of a host",
                                to_string(address), number == first ? "network" : "broadcast",
                                to_string(*pool)));
        }
    }

    void check_discovery() {
        const auto& engine = read_.configuration.home_agent.engine;
        const auto& discovery = engine.prefix_discovery;
        constexpr std::string_view section = "home-agent.prefix-discovery";
        if (discovery.min_interval > discovery.max_interval) {
            const auto at = std::max(line(section, "min-interval"), line(section, "max-interval"));
            mistake(at, "home-agent.prefix-discovery.min-interval",
                    "is longer than max-interval; wanted one that is not");
        }
        constexpr std::string_view element = "home-agent.advertised-prefix";
        const auto prefixes = column(element, "prefix");
        const auto preferred = column(element, "preferred-lifetime");
        const auto valid = column(element, "valid-lifetime");
        const PrefixSet home_prefixes(engine.home_prefixes);
        const bool home_prefixes_known = line("home-agent", "home-prefixes") != 0;
        std::vector<Use<wire::Prefix6>> uses;
        for (std::size_t i = 0; i < discovery.prefixes.size(); ++i) {
            const auto& advertised = discovery.prefixes[i];
            const auto at = prefixes.line(i);
            if (at != 0) {
                constexpr auto* key = "home-agent.advertised-prefix.prefix";
                uses.push_back({advertised.prefix, at, key});
                if (home_prefixes_known && home_prefixes.around(advertised.prefix) == nullptr) {
                    mistake(at, key,
                            fmt::format("{} is in none of the home-prefixes; wanted one whose "
                                        "addresses can be registered",
                                        to_string(advertised.prefix)));
                }
            }
            if (advertised.preferred_lifetime > advertised.valid_lifetime) {
                mistake(std::max({at, preferred.line(i), valid.line(i)}),
                        "home-agent.advertised-prefix.preferred-lifetime",
                        "is longer than valid-lifetime; wanted one that is not");
            }
        }
        refuse_repeated(std::move(uses));
    }

    /// Every address of a mobile network leads to one node.
    void check_prefixes() {
        const auto& engine = read_.configuration.home_agent.engine;
        std::vector<std::tuple<wire::Prefix6, std::size_t, unsigned>> seen6;
        std::vector<std::tuple<wire::Prefix4, std::size_t, unsigned>> seen4;
        const auto prefixes6 = column("home-agent.node", "prefixes6");
        const auto prefixes4 = column("home-agent.node", "prefixes4");
        for (std::size_t i = 0; i < engine.nodes.size(); ++i) {
            if (const auto at = prefixes6.line(i)) {
                collect(engine.nodes[i].prefixes6, i, at, engine.address6, seen6,
                        "home-agent.node.prefixes6");
            }
            if (const auto at = prefixes4.line(i)) {
                collect(engine.nodes[i].prefixes4, i, at,
                        engine.address4.value_or(wire::Ipv4Address{}), seen4,
                        "home-agent.node.prefixes4");
            }
        }
        refuse_overlaps(seen6, "home-agent.node.prefixes6");
        refuse_overlaps(seen4, "home-agent.node.prefixes4");
        refuse_whole_home_prefixes(seen6);
        refuse_home_addresses(seen6, seen4);
        for (const auto& [prefix, node, at] : seen4) {
            refuse_in_address_pool(prefix, at, "home-agent.node.prefixes4");
        }
        if (const auto at = line("home-agent.prefixes", "pool4")) {
            check_prefix_pool(*engine.prefixes.pool4, at);
        }
    }

    void check_prefix_pool(const wire::Prefix4& pool, unsigned at) {
        constexpr auto* key = "home-agent.prefixes.pool4";
        constexpr std::uint8_t length_maximum = 30; // of a prefix that can be asked for
        const auto& engine = read_.configuration.home_agent.engine;
        refuse_in_address_pool(pool, at, key);
        if (pool.length > length_maximum) {
            mistake(at, key,
                    fmt::format("{} has no room for a prefix of {} bits or less; wanted a larger "
                                "one",
                                to_string(pool), length_maximum));
        }
        if (line("home-agent", "address4") != 0 && pool.contains(*engine.address4)) {
            mistake(at, key,
                    fmt::format("{} holds the home agent's own address {}; wanted addresses of "
                                "its own",
                                to_string(pool), to_string(*engine.address4)));
        }
        const auto home_addresses4 = column("home-agent.node", "home-addresses4");
        for (std::size_t i = 0; i < engine.nodes.size(); ++i) {
            for (const auto& address : engine.nodes[i].home_addresses4) {
                if (home_addresses4.line(i) != 0 && pool.contains(address)) {
                    mistake(home_addresses4.line(i), "home-agent.node.home-addresses4",
                            fmt::format("{} is in pool4 {} of line {}, whose prefixes are lent; "
                                        "wanted an address that is not",
                                        to_string(address), to_string(pool), at));
                }
            }
        }
    }

    void refuse_whole_home_prefixes(
        const std::vector<std::tuple<wire::Prefix6, std::size_t, unsigned>>& sorted) {
        for (const auto& home : read_.configuration.home_agent.engine.home_prefixes) {
            const auto* around = outermost_around(sorted, home.address);
            if (around != nullptr && std::get<0>(*around).contains(home)) {
                mistake(std::get<2>(*around), "home-agent.node.prefixes6",
                        fmt::format("{} holds the home prefix {}; wanted a prefix of the network "
                                    "behind the node",
                                    to_string(std::get<0>(*around)), to_string(home)));
            }
        }
    }

    /// Home addresses in the network behind another node.
    void refuse_home_addresses(
        const std::vector<std::tuple<wire::Prefix6, std::size_t, unsigned>>& sorted6,
        const std::vector<std::tuple<wire::Prefix4, std::size_t, unsigned>>& sorted4) {
        const auto& engine = read_.configuration.home_agent.engine;
        const auto home_addresses = column("home-agent.node", "home-address");
        const auto home_addresses4 = column("home-agent.node", "home-addresses4");
        for (std::size_t i = 0; i < engine.nodes.size(); ++i) {
            refuse_behind_other(sorted6, engine.nodes[i].home_address, i, home_addresses.line(i),
                                "home-agent.node.home-address");
            for (const auto& address : engine.nodes[i].home_addresses4) {
                refuse_behind_other(sorted4, address, i, home_addresses4.line(i),
                                    "home-agent.node.home-addresses4");
            }
        }
    }

    template<class Prefix, class Address>
    void refuse_behind_other(const std::vector<std::tuple<Prefix, std::size_t, unsigned>>& sorted,
                             const Address& address, std::size_t node, unsigned at,
                             std::string_view key) {
        const auto* around = outermost_around(sorted, address);
        if (at != 0 && around != nullptr && std::get<1>(*around) != node) {
            mistake(at, key,
                    fmt::format("{} is in {} of another node in line {}; wanted an address that "
                                "leads to this one",
                                to_string(address), to_string(std::get<0>(*around)),
                                std::get<2>(*around)));
        }
    }

    /// Of those of refuse_overlaps() the one that holds `address`; nullptr = none.
    template<class Prefix, class Address>
    static const std::tuple<Prefix, std::size_t, unsigned>*
    outermost_around(const std::vector<std::tuple<Prefix, std::size_t, unsigned>>& outermost,
                     const Address& address) {
        const auto behind = std::upper_bound(outermost.begin(), outermost.end(), address,
                                             [](const Address& wanted, const auto& entry) {
                                                 return wanted < std::get<0>(entry).address;
                                             });
        return behind != outermost.begin() && std::get<0>(*std::prev(behind)).contains(address)
                   ? &*std::prev(behind)
                   : nullptr;
    }

    void refuse_in_address_pool(const wire::Prefix4& prefix, unsigned at, std::string_view key) {
        if (line("home-agent", "address-pool") == 0) {
            return;
        }
        const auto& pool = *read_.configuration.home_agent.engine.address_pool;
        if (pool.contains(prefix) || prefix.contains(pool)) {
            mistake(at, key,
                    fmt::format("{} overlaps with the address-pool {}; wanted addresses of its own",
                                to_string(prefix), to_string(pool)));
        }
    }

    template<class Prefix, class Address>
    void collect(const std::vector<Prefix>& prefixes, std::size_t node, unsigned at,
                 const Address& home_agent,
                 std::vector<std::tuple<Prefix, std::size_t, unsigned>>& seen,
                 std::string_view key) {
        for (const auto& prefix : prefixes) {
            if (home_agent != Address{} && prefix.contains(home_agent)) {
                mistake(at, key,
                        fmt::format("{} holds the home agent's own address {}; wanted a prefix of "
                                    "the network behind the node",
                                    to_string(prefix), to_string(home_agent)));
            }
            seen.emplace_back(prefix, node, at);
        }
    }

    /// In order of addresses a prefix overlaps with the widest before it that reaches so far.
    /// Leaves those that are in no other.
    template<class Prefix>
    void refuse_overlaps(std::vector<std::tuple<Prefix, std::size_t, unsigned>>& seen,
                         std::string_view key) {
        std::sort(seen.begin(), seen.end());
        const std::tuple<Prefix, std::size_t, unsigned>* around = nullptr;
        auto end = seen.begin();
        for (const auto& entry : seen) {
            const auto& [prefix, node, at] = entry;
            if (around == nullptr || !std::get<0>(*around).contains(prefix)) {
                *end = entry;
                around = &*end++;
            } else if (std::get<1>(*around) != node) {
                mistake(at, key,
                        fmt::format("{} overlaps with {} of another node in line {}; wanted "
                                    "prefixes that lead to one node",
                                    to_string(prefix), to_string(std::get<0>(*around)),
                                    std::get<2>(*around)));
            }
        }
        seen.erase(end, seen.end());
    }

    void check_nodes() {
        const auto& engine = read_.configuration.home_agent.engine;
        std::vector<Use<wire::Ipv6Address>> addresses6;
        std::vector<Use<wire::Ipv4Address>> addresses4;
        if (const auto at = line("home-agent", "address6")) {
            addresses6.push_back({engine.address6, at, "home-agent.address6"});
        }
        if (const auto at = line("home-agent", "address4")) {
            addresses4.push_back({*engine.address4, at, "home-agent.address4"});
            refuse_network_of_pool(*engine.address4, at, "home-agent.address4");
        }
        check_address6();
        const PrefixSet home_prefixes(engine.home_prefixes);
        const bool prefixes_known =
            line("home-agent", "home-prefixes") != 0 && !engine.home_prefixes.empty();
        const auto home_addresses = column("home-agent.node", "home-address");
        const auto home_addresses4 = column("home-agent.node", "home-addresses4");
        for (std::size_t i = 0; i < engine.nodes.size(); ++i) {
            const auto& node = engine.nodes[i];
            if (const auto at = home_addresses.line(i)) {
                constexpr auto* key = "home-agent.node.home-address";
                addresses6.push_back({node.home_address, at, key});
                const auto* around = home_prefixes.around(node.home_address);
                if (around != nullptr && wire::is_reserved_anycast(*around, node.home_address)) {
                    mistake(at, key,
                            fmt::format("{} is an anycast address of the home prefix {} (RFC "
                                        "4291, 2.6.1, and RFC 2526); wanted the address of a host",
                                        to_string(node.home_address), to_string(*around)));
                }
                if (prefixes_known && around == nullptr) {
                    mistake(at, key,
                            fmt::format("{} is in none of the home-prefixes; wanted an address in "
                                        "one of them",
                                        to_string(node.home_address)));
                }
            }
            if (const auto at = home_addresses4.line(i)) {
                for (const auto& address : node.home_addresses4) {
                    constexpr auto* key = "home-agent.node.home-addresses4";
                    addresses4.push_back({address, at, key});
                    refuse_network_of_pool(address, at, key);
                }
            }
        }
        refuse_repeated(std::move(addresses6));
        refuse_repeated(std::move(addresses4));
    }
};

} // namespace

void check_home_agent(ReadConfiguration& read) {
    HomeAgentChecker(read).check();
}

} // namespace dsmip::daemon
