// SPDX-License-Identifier: GPL-2.0-or-later
// Routes and policy rules that lead packets for home addresses into the device, and how they change
// while the daemon runs. Those of mobile networks come and go with their routers (PrefixRoutes).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "daemon/configuration.hpp"
#include "netlink/rtnl.hpp"

namespace dsmip::daemon {

struct HomeRoutes {
    /// Table, address, length: there is one route for each.
    using Key = std::tuple<std::uint32_t, wire::IpAddress, std::uint8_t>;
    std::map<Key, netlink::RouteSpec> routes;
    /// In the order in which they were added, each once.
    std::vector<netlink::RuleSpec> rules;
    /// Interface index of the real home link, which the device has to know; 0 = none.
    std::uint32_t home_link = 0;

    void add(const netlink::RouteSpec& route);
    /// Of a rule family, priority, table, destination and outgoing interface count.
    void add(const netlink::RuleSpec& rule);
    [[nodiscard]] bool has(const netlink::RuleSpec& rule) const;

private:
    using RuleKey = std::tuple<wire::AddressFamily, std::uint32_t, std::uint32_t,
                               std::optional<wire::IpAddress>, std::uint8_t, std::string>;
    static RuleKey key_of(const netlink::RuleSpec& rule);
    std::set<RuleKey> rule_keys_;
};

/// The device and its table.
struct TunnelDevice {
    std::uint32_t ifindex = 0;
    std::uint32_t table = 0;
};

/// With a virtual home link prefixes and pool are routed to the device; a real one has a route of
/// the kernel, which rules go before. `lent_elsewhere`: addresses that are in no pool any more.
HomeRoutes home_routes(const HomeAgentConfiguration& configuration, const TunnelDevice& device,
                       std::span<const wire::Ipv4Address> lent_elsewhere);

/// Those on the host. A change is staged, what is new beside what is there, then committed or
/// cancelled, so that no packet finds no way meanwhile.
class HomeRouting {
public:
    using Outcome = tl::expected<void, std::string>;
    struct Host {
        std::function<Outcome(const netlink::RouteSpec&)> add_route;
        std::function<Outcome(const netlink::RouteSpec&)> remove_route;
        std::function<Outcome(const netlink::RuleSpec&)> add_rule;
        std::function<Outcome(const netlink::RuleSpec&)> remove_rule;
        std::function<Outcome(std::uint32_t ifindex)> set_home_link;
    };
    using Failures = std::vector<std::string>;

    explicit HomeRouting(Host host)
        : host_(std::move(host)) {}

    /// Makes what is missing and tells the device its home link; stops at a failure, after which
    /// only cancel() is possible, or to leave everything as it is.
    Outcome stage(HomeRoutes wanted);
    /// Removes what is not wanted any more. Goes on after failures and returns their texts; what
    /// could not be removed is tried again by the next one.
    Failures commit();
    /// Takes back what stage() has done. Goes on after failures and returns their texts: that much
    /// is on the host and not as it was. The next commit() removes it.
    Failures cancel();

    /// The same in parts that take some milliseconds each: begin(), then stage_some() until it is
    /// true, then begin_commit() or begin_cancel(), then finish_some() until it is true.
    void begin(HomeRoutes wanted);
    tl::expected<bool, std::string> stage_some();
    /// One more that is wanted; between the end of staging and begin_commit().
    Outcome stage_more(const netlink::RouteSpec& route);
    void begin_commit();
    void begin_cancel();
    bool finish_some(Failures& failures);
    /// What the last change has left, to be destroyed where nobody waits for it.
    [[nodiscard]] HomeRoutes take_discarded() { return std::exchange(discarded_, {}); }

    /// One that is in force, and committed.
    Failures remove(const netlink::RouteSpec& route);

private:
    class Part;
    enum class Phase : std::uint8_t { idle, staging, finishing };
    Outcome make(const netlink::RouteSpec& route);
    void remove_or_keep(const netlink::RuleSpec& rule, Failures& failures);
    void remove_or_keep(const netlink::RouteSpec& route, Failures& failures);
    bool remove_leftovers(Failures& failures);
    bool take_back(Failures& failures);

    Host host_;
    HomeRoutes present_;
    HomeRoutes wanted_;
    Phase phase_ = Phase::idle;
    bool cancelling_ = false;
    /// The next one of `wanted_` to be made, or of `discarded_` to be removed.
    std::map<HomeRoutes::Key, netlink::RouteSpec>::const_iterator next_route_;
    std::size_t next_rule_ = 0;
    std::vector<netlink::RouteSpec> made_routes_; // by stage()
    std::vector<netlink::RuleSpec> made_rules_;
    bool told_ = false; // the device, by stage(): it may have `wanted_.home_link`
    HomeRoutes discarded_;
};

} // namespace dsmip::daemon
