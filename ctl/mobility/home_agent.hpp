// SPDX-License-Identifier: GPL-2.0-or-later
// The home agent: binding cache and Binding Update processing
// (RFC 6275, 10; RFC 5555, 4.5; RFC 5648, 6).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "mobility/home_agent_drain.hpp"
#include "mobility/home_agent_history.hpp"
#include "mobility/home_agent_policy.hpp"
#include "mobility/home_agent_refresh.hpp"
#include "mobility/mobile_prefix_advertiser.hpp"
#include "mobility/types.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility {

// One mobile node the home agent serves.
struct ServedNode {
    wire::Ipv6Address home_address;
    std::vector<wire::Ipv4Address> home_addresses4; // static, owned by this node
    // Of the network behind it, if it is a mobile router: owned by this node, and none of
    // them overlaps with one of another node.
    std::vector<wire::Prefix6> prefixes6 = {};
    std::vector<wire::Prefix4> prefixes4 = {};
    // In the place of HomeAgentConfig::max_bindings_per_node.
    std::optional<unsigned> max_bindings = std::nullopt;
};

// Mobile routers (RFC 3963) and IPv4 prefixes (RFC 5555).
struct HomeAgentPrefixes {
    bool accept_mobile_routers = true;  // R flag; else 140
    std::optional<wire::Prefix4> pool4; // dynamic IPv4 prefixes
    std::uint8_t shortest4 = 24;        // length of the largest of them
    unsigned leases_max = 4;            // dynamic prefixes of one node
    unsigned max_per_node = 64;         // registered by one node; more IPv6 prefixes get 130
};

// The link that the home prefixes are those of.
struct HomeLinkConfig {
    // Index of its interface; 0 = virtual: the prefixes are routed to the home agent, and there is
    // no link where anybody could be asked or told anything.
    unsigned link = 0;
    // Every packet to or from the link passes this home agent: a node at home that keeps its
    // foreign bindings may use neighbour discovery (RFC 5648, 5.6.3).
    bool sole_router = false;
    bool accept_simultaneous = true; // home and foreign bindings at once; else 169
};

// Dynamic home agent address discovery (RFC 6275, 10.5).
struct HomeAgentDiscoveryConfig {
    bool enabled = true;          // requests are answered
    std::uint16_t preference = 0; // of this home agent, until its own router says another
};

// A mobility anchor point takes local Binding Updates (M set) for regional care-of addresses in the
// home prefixes like home registrations (RFC 5380, 4.2 and 6).
struct HomeAgentMap {
    bool enabled = false;
    std::vector<wire::Prefix6> care_of6 = {}; // on-link care-of addresses; else 129; none = all
};

struct HomeAgentConfig {
    wire::Ipv6Address address6;
    std::optional<wire::Ipv4Address> address4;
    std::vector<wire::Prefix6> home_prefixes; // served; a home address elsewhere gets 132
    std::vector<ServedNode> nodes;
    bool accept_unlisted_nodes = false;        // else 129 for a home address not in `nodes`
    std::optional<wire::Prefix4> address_pool; // dynamic IPv4 home addresses
    unsigned pool_leases_max = 4;              // dynamic IPv4 home addresses of one node
    // Of dynamic addresses and prefixes; no binding that uses one is longer (RFC 5555, 2.5).
    Duration lease_time = std::chrono::hours(1);
    HomeAgentPrefixes prefixes;
    Duration max_lifetime = std::chrono::hours(1);
    std::chrono::seconds nat_refresh_time{110}; // NATKATIMEOUT
    bool accept_forced_udp = true;              // F flag of the Binding Update; else 144
    bool impose_udp = false;                    // F flag of the NAT detection option
    bool accept_tlv = true;                     // T flag
    bool accept_mcoa = true;                    // else 166
    bool accept_bulk = true;                    // else 168
    unsigned max_bindings_per_node = 32;
    HomeAgentPolicy policy;
    HomeAgentRefresh refresh;
    HomeAgentMap map;
    bool has_store = false; // changes are kept (KeepRegistration) before they are acknowledged
    wire::Dialect dialect = wire::Dialect::Auto;
    HomeLinkConfig home_link;
    HomeAgentDiscoveryConfig discovery;
    MobilePrefixConfig prefix_discovery;
};

// What restore() found: nodes.
struct Reconciliation {
    std::size_t alike = 0; // kernel and store agree
    std::size_t only_in_kernel = 0;
    std::size_t only_in_store = 0;
    std::size_t newer_in_kernel = 0;
    std::size_t newer_in_store = 0;
    std::size_t removed = 0; // no longer served
    std::size_t leases = 0;  // addresses and prefixes that stay reserved
};

// A packet with a Home Address option that the kernel has dropped, because the option is accepted
// with Binding Updates only.
struct RefusedHomeAddressOption {
    wire::Ipv6Address home_address; // in the option
    wire::Ipv6Address care_of;      // source on the wire
    wire::Ipv6Address destination;
    std::uint8_t protocol = 0;      // what came behind the option
    std::uint8_t mobility_type = 0; // of a Mobility Header
};

// Why a node is bound or not.
struct Explanation {
    bool in_home_prefix = false;
    bool listed = false; // in the configuration
    bool served = false;
    std::optional<KernelNode> bound;
    std::optional<std::uint16_t> sequence; // last accepted, while it is remembered
    std::string_view waits_for;            // "store", "kernel", "home-link"; empty = nothing
    std::size_t waiting = 0;               // Binding Updates behind that
    NodeHistory history;
};

// What a new configuration does to what is lent.
struct ReconfigurationOutlook {
    // Leases in use that are in no pool any more.
    std::vector<wire::Ipv4Address> addresses_outside;
    std::size_t prefixes_outside = 0;
    std::size_t reservations_lost = 0; // leases of such nobody uses
};

// What a new configuration has done to the nodes that were registered, so far.
struct Revision {
    bool under_way = false;        // tick() goes on with it
    std::size_t nodes_lost = 0;    // served no longer
    std::size_t bindings_lost = 0; // of others, whose care-of addresses became home addresses
};

// A configuration and all that a home agent makes of it alone: what takes long with many nodes.
// Nothing of it is shared with a home agent, so it may be made and destroyed in another thread.
class PreparedConfiguration {
public:
    explicit PreparedConfiguration(HomeAgentConfig config);
    PreparedConfiguration(PreparedConfiguration&&) noexcept;
    PreparedConfiguration& operator=(PreparedConfiguration&&) noexcept;
    ~PreparedConfiguration();

    // Interface index of the home link, where it becomes known later; 0 = virtual.
    void set_home_link(unsigned link);

    struct Parts;

private:
    friend class HomeAgent;
    std::unique_ptr<Parts> parts_;
};

// Not thread safe.  Every call returns what is to be done, in order.
class HomeAgent {
public:
    explicit HomeAgent(HomeAgentConfig config);
    ~HomeAgent();
    HomeAgent(HomeAgent&&) noexcept;
    HomeAgent& operator=(HomeAgent&&) noexcept;

    // Start-up, before any other call: what kernel and store hold of one node; at least one of
    // them does.  The newer one wins, by sequence number, and the other is told.  A node that is
    // no longer served is removed.  Nodes with bindings first: a lease that nobody uses gives
    // way.
    [[nodiscard]] Actions restore(TimePoint now, const KernelNode* kernel,
                                  const StoredRegistration* stored);
    // The same for many nodes that only the kernel knows.
    [[nodiscard]] Actions restore(TimePoint now, std::span<const KernelNode> nodes);
    [[nodiscard]] const Reconciliation& reconciliation() const;

    [[nodiscard]] Actions receive(TimePoint now, const ReceivedMessage& message);

    // Such a packet is answered with a Binding Error, unless the node is bound there (RFC
    // 6275, 9.3.1 and 9.3.3; RFC 5648, 6.5).
    [[nodiscard]] Actions home_address_option_refused(TimePoint now,
                                                      const RefusedHomeAddressOption& refused);

    // Outcome of a request this engine made: InstallBindings, RemoveBindings, KeepRegistration.
    [[nodiscard]] Actions confirm(TimePoint now, RequestId request, const RequestOutcome& error);

    // Outcome of StartDad.
    [[nodiscard]] Actions dad_done(TimePoint now, RequestId request, DadOutcome outcome);

    // The kernel deleted a binding at its lifetime.
    [[nodiscard]] Actions binding_expired(TimePoint now, const wire::Ipv6Address& home_address,
                                          std::uint16_t bid);

    // Administrative deletion; no bid = all of the node.  False in `found` if
    // there is none.
    [[nodiscard]] Actions remove(TimePoint now, const wire::Ipv6Address& home_address,
                                 std::optional<std::uint16_t> bid, bool& found);

    // Sends all nodes away and takes no new ones, until it is stopped or the daemon is.  A second
    // request takes the place of the first, and asks everybody again.  The error says what is wrong
    // with the request.
    [[nodiscard]] tl::expected<Actions, std::string> drain(DrainRequest request);
    [[nodiscard]] Actions stop_drain();
    // Nothing if it is not being drained.
    [[nodiscard]] std::optional<DrainStatus> drain_status() const;

    // What another configuration would do, without doing it; the error says why it cannot be.
    [[nodiscard]] tl::expected<ReconfigurationOutlook, std::string>
    foresee(const PreparedConfiguration& next) const;
    // Takes it over, with the same error; then nothing has changed.  Addresses of the home agent
    // stay.  What it takes from a node is removed.  A lease that is in no pool any more stays as
    // long as the registration that uses it; then ForgetLease4.  Another home link: claimed anew.
    // Afterwards `next` holds what was replaced.  One call attends to a limited number of nodes,
    // tick() to the others; see revision().
    [[nodiscard]] tl::expected<Actions, std::string> reconfigure(TimePoint now,
                                                                 PreparedConfiguration& next);
    // Of the last reconfigure().
    [[nodiscard]] const Revision& revision() const;

    // IPv4 home addresses in use that were lent from a pool which does not have them any more.
    [[nodiscard]] std::vector<wire::Ipv4Address> leases_outside() const;

    // To be called at or after next_deadline().  One call attends to a limited number of nodes;
    // with more of them the next deadline has passed already.
    [[nodiscard]] Actions tick(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;

    // For `dsmipctl status` and tests.
    [[nodiscard]] std::size_t node_count() const;
    [[nodiscard]] std::size_t binding_count() const;
    [[nodiscard]] std::vector<KernelNode> binding_cache(TimePoint now) const;
    // What is registered of one node, if anything is.
    [[nodiscard]] std::optional<KernelNode> registered(TimePoint now,
                                                       const wire::Ipv6Address& home_address) const;
    // Home addresses with a registration, in no order.
    [[nodiscard]] std::vector<wire::Ipv6Address> registered_nodes() const;
    [[nodiscard]] std::vector<NamedCount> counters() const;
    // The node whose IPv4 home address it is: by configuration, or as it is registered.  Slow.
    [[nodiscard]] std::optional<wire::Ipv6Address> owner_of(const wire::Ipv4Address& address) const;
    [[nodiscard]] Explanation explain(TimePoint now, const wire::Ipv6Address& home_address) const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace dsmip::mobility
