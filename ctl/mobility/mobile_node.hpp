// SPDX-License-Identifier: GPL-2.0-or-later
// The mobile node: choice of care-of addresses, binding update list,
// registration with the home agent (RFC 6275, 11; RFC 5555, 4.4; RFC 5648, 5).
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "mobility/types.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility {

// One access of the mobile node, by interface name.  Lower priority values are
// preferred; with MCoA every usable access registers under its bid.
// Several accesses may have the same interface.  They share its networks out among them, each has
// the addresses of one, and keeps it as long as it is there.
struct Access {
    std::string link_name;
    std::uint16_t bid = 0; // 1..65535 with MCoA
    std::uint8_t priority = 0;
    // Where its care-of address has to be from; both empty = from anywhere.
    std::vector<wire::Prefix6> prefixes6 = {};
    std::vector<wire::Prefix4> prefixes4 = {};
};

struct HomeAgentAddresses {
    wire::Ipv6Address address6;
    std::optional<wire::Ipv4Address> address4; // needed in IPv4-only networks
    friend bool operator==(const HomeAgentAddresses&, const HomeAgentAddresses&) = default;
};

struct MobileNodeConfig {
    wire::Ipv6Address home_address;
    wire::Ipv6Address home_agent6;
    std::optional<wire::Ipv4Address> home_agent4; // needed in IPv4-only networks
    // Where to go when that one sends the node away, refuses it or does not answer; in order.
    std::vector<HomeAgentAddresses> other_home_agents = {};
    std::uint16_t home_agent_port = 4191;
    enum class HomeAddress4 : std::uint8_t {
        none,
        fixed,
        dynamic
    } home_address4_mode = HomeAddress4::none;
    wire::Ipv4Address home_address4; // with `fixed`
    std::vector<Access> accesses;    // in order of preference; others are not used
    bool mcoa = false;               // register all usable accesses at once
    bool bulk = true;                // one Binding Update for several bids where allowed
    Duration lifetime = std::chrono::minutes(10);
    bool mobile_router = false; // R flag
    // Of the network behind it.  The home agent knows them too, or is told (explicit mode).
    std::vector<wire::Prefix6> prefixes6;
    bool explicit_prefixes = false;
    std::vector<wire::Prefix4> prefixes4; // asked for by name
    std::uint8_t prefix4_length = 0;      // of one that the home agent chooses; 0 = none
    bool force_udp = false;               // F flag
    bool prefer_tlv = false;              // T flag
    std::chrono::seconds keepalive{110};  // NATKATIMEOUT, where the home agent suggests nothing
    Duration initial_timeout_first = std::chrono::milliseconds(1500);
    wire::Dialect dialect = wire::Dialect::Auto;
};

// A care-of address the operating system has configured and that is usable
// now: link up, not tentative, global or private scope.
struct CareOfCandidate {
    std::string link_name;
    unsigned link = 0; // interface index
    wire::IpAddress address;
    bool default_route = false; // this family has one on this link
    bool deprecated = false;    // not for new communication (RFC 4862, 5.5.4): a last resort
    // Of the network on the link; what fails in one network may work in another.  0 = not known:
    // all addresses of the family are taken for one network.
    std::uint8_t prefix_length = 0;
    // Whether its network is at the link now (RFC 6275, 11.5.1): known or not in doubt; in doubt
    // since the link was attached anew; or nothing of it is heard any more.
    enum class Presence : std::uint8_t { here, unconfirmed, gone } presence = Presence::here;
    // Counts how often the link was attached: with another number it may be at another network,
    // though the address is the same.
    std::uint32_t attachment = 0;
    friend bool operator==(const CareOfCandidate&, const CareOfCandidate&) = default;
};

// What a row of the binding update list is at.  `idle`: no usable care-of
// address, or de-registered.  `failed`: the home agent refused; tried again later.
// A binding that was accepted before may still be in force in any state but
// `deregistering`: `remaining` is then above zero.
enum class RegistrationState : std::uint8_t {
    idle,
    registering,
    registered,
    deregistering,
    failed
};

// The name of the state, e.g. "registered".
std::string_view to_string(RegistrationState state);

// One row of the binding update list, for `dsmipctl status` and tests.
struct BindingUpdateListEntry {
    using State = RegistrationState;

    std::uint16_t bid = 0; // 0 = plain binding
    std::string link_name; // of the care-of address; empty = none
    wire::IpAddress care_of;
    State state = State::idle;
    std::uint16_t sequence = 0; // of the last Binding Update sent for it
    Duration remaining{0};      // of the accepted binding, 0 = none
    Encapsulation encapsulation = Encapsulation::direct;
    bool nat = false;
    bool forced_udp = false;
    // The IPv4 home address that the accepted binding serves too.
    std::optional<wire::Ipv4Address> home_address4;
    // Time between Binding Updates that keep the NAT mapping alive, 0 = not needed.
    Duration keepalive{0};
    unsigned attempts = 0;  // Binding Updates sent without an answer
    Duration retry{0};      // until a refused or silent one is tried again, 0 = not waiting
    std::string last_error; // empty = none
};

// Care-of addresses of one network that got no answer and are passed over for a while.
struct SilentCareOf {
    std::string link_name;
    wire::IpAddress care_of; // the one that was used
    Duration retry{0};       // until it is tried again
};

// The IPv4 home address is also an address of an access.
struct SharedAddress {
    std::string link_name;
    wire::Ipv4Address address;
    friend bool operator==(const SharedAddress&, const SharedAddress&) = default;
};

// The node is at home there and uses its home addresses without a tunnel (RFC 6275, 11.5.5).
struct HomeLink {
    std::string link_name;
    unsigned link = 0; // interface index
    // The home agent has said that it does not answer for the node any more: nobody else has the
    // address. Else duplicate address detection is needed.
    bool deregistered = false;
    friend bool operator==(const HomeLink&, const HomeLink&) = default;
};

// Not thread safe.  Every call returns what is to be done, in order.  `now` must
// not go back from call to call.
class MobileNode {
public:
    // `random` returns evenly distributed 32-bit values (initial sequence number).
    MobileNode(MobileNodeConfig config, std::function<std::uint32_t()> random);
    ~MobileNode();
    MobileNode(MobileNode&&) noexcept;
    MobileNode& operator=(MobileNode&&) noexcept;

    // Bindings found in the kernel at start-up (a predecessor died), before any
    // other call: taken over as registered, refreshed with later sequence
    // numbers at the first network_changed().
    [[nodiscard]] Actions restore(TimePoint now, const KernelNode& node);

    // Before restore(): the home agent that the predecessor used.  One that the configuration does
    // not know changes nothing.
    void start_with(const wire::Ipv6Address& home_agent6);
    // The one that is used now.
    [[nodiscard]] HomeAgentAddresses home_agent() const;

    // All usable care-of addresses, after every change of links or addresses.
    // The binding in the kernel stays until another is accepted; with MCoA that
    // of a vanished access goes at once, so that its traffic moves.
    [[nodiscard]] Actions network_changed(TimePoint now, std::vector<CareOfCandidate> candidates);

    [[nodiscard]] Actions receive(TimePoint now, const ReceivedMessage& message);

    [[nodiscard]] Actions kernel_done(TimePoint now, RequestId request, const KernelOutcome& error);

    // The kernel deleted a binding at its lifetime.
    [[nodiscard]] Actions binding_expired(TimePoint now, std::uint16_t bid);

    // De-register everything; finished() turns true when the home agent has
    // answered or the retransmissions are used up (7 s).  The last actions take
    // bindings and IPv4 home address away; nothing happens afterwards.
    [[nodiscard]] Actions stop(TimePoint now);
    [[nodiscard]] bool finished() const;

    // To be called at or after next_deadline().
    [[nodiscard]] Actions tick(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;

    [[nodiscard]] std::vector<BindingUpdateListEntry> binding_update_list(TimePoint now) const;
    [[nodiscard]] std::vector<SilentCareOf> silent_care_of(TimePoint now) const;
    // Accesses whose private address happens to be the IPv4 home address.
    [[nodiscard]] std::vector<SharedAddress> shared_addresses() const;
    // At home, as soon as nothing is registered any more: until then the home agent answers for the
    // home addresses.
    [[nodiscard]] std::optional<HomeLink> home_link() const;
    // The IPv4 home address while the home agent acknowledges it.
    // AssignHomeAddress4 and WithdrawHomeAddress4 follow it, for a fixed address
    // as for a dynamic one.
    [[nodiscard]] std::optional<wire::Ipv4Address> home_address4() const;
    // What the home agent forwards to the network behind a mobile router.
    [[nodiscard]] std::vector<wire::Prefix6> prefixes6() const;
    [[nodiscard]] std::vector<wire::Prefix4> prefixes4() const;
    [[nodiscard]] std::vector<NamedCount> counters() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace dsmip::mobility
