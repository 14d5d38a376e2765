// SPDX-License-Identifier: GPL-2.0-or-later
// The mobile node: choice of care-of addresses, binding update list,
// registration with the home agent (RFC 6275, 11; RFC 5555, 4.4; RFC 5648, 5).
#pragma once

#include <functional>
#include <memory>

#include "mobility/types.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility {

// One access of the mobile node, by interface name.  Lower priority values are
// preferred; with MCoA every usable access registers under its bid.
struct Access {
    std::string link_name;
    std::uint16_t bid = 0;  // 1..65535 with MCoA
    std::uint8_t priority = 0;
};

struct MobileNodeConfig {
    wire::Ipv6Address home_address;
    wire::Ipv6Address home_agent6;
    std::optional<wire::Ipv4Address> home_agent4;  // needed in IPv4-only networks
    std::uint16_t home_agent_port = 4191;
    enum class HomeAddress4 : std::uint8_t { none, fixed, dynamic } home_address4_mode =
        HomeAddress4::none;
    wire::Ipv4Address home_address4;  // with `fixed`
    std::vector<Access> accesses;     // in order of preference; others are not used
    bool mcoa = false;                // register all usable accesses at once
    bool bulk = true;                 // one Binding Update for several bids where allowed
    Duration lifetime = std::chrono::minutes(10);
    bool force_udp = false;   // F flag
    bool prefer_tlv = false;  // T flag
    std::chrono::seconds keepalive{110};  // NATKATIMEOUT, where the home agent suggests nothing
    Duration initial_timeout_first = std::chrono::milliseconds(1500);
    wire::Dialect dialect = wire::Dialect::Auto;
};

// A care-of address the operating system has configured and that is usable
// now: link up, not tentative, not deprecated, global or private scope.
struct CareOfCandidate {
    std::string link_name;
    unsigned link = 0;  // interface index
    wire::IpAddress address;
    bool default_route = false;  // this family has one on this link
    friend bool operator==(const CareOfCandidate&, const CareOfCandidate&) = default;
};

// One row of the binding update list, for `dsmipctl status` and tests.
struct BindingUpdateListEntry {
    std::uint16_t bid = 0;
    std::string link_name;
    wire::IpAddress care_of;
    enum class State : std::uint8_t { registering, registered, deregistering, failed } state;
    std::uint16_t sequence = 0;
    Duration remaining{0};
    Encapsulation encapsulation = Encapsulation::direct;
    bool nat = false;
    unsigned attempts = 0;
    std::string last_error;  // empty = none
};

// Not thread safe.  Every call returns what is to be done, in order.
class MobileNode {
   public:
    // `random` returns evenly distributed 32-bit values (initial sequence number).
    MobileNode(MobileNodeConfig config, std::function<std::uint32_t()> random);
    ~MobileNode();
    MobileNode(MobileNode&&) noexcept;
    MobileNode& operator=(MobileNode&&) noexcept;

    // Bindings found in the kernel at start-up (a predecessor died): taken over
    // as registered, refreshed with later sequence numbers.
    [[nodiscard]] Actions restore(TimePoint now, const KernelNode& node);

    // All usable care-of addresses, after every change of links or addresses.
    [[nodiscard]] Actions network_changed(TimePoint now, std::vector<CareOfCandidate> candidates);

    [[nodiscard]] Actions receive(TimePoint now, const ReceivedMessage& message);

    [[nodiscard]] Actions kernel_done(TimePoint now, RequestId request, const KernelOutcome& error);

    [[nodiscard]] Actions binding_expired(TimePoint now, std::uint16_t bid);

    // De-register everything; finished() turns true when the home agent has
    // answered or the retransmissions are used up.
    [[nodiscard]] Actions stop(TimePoint now);
    [[nodiscard]] bool finished() const;

    // To be called at or after next_deadline().
    [[nodiscard]] Actions tick(TimePoint now);
    [[nodiscard]] std::optional<TimePoint> next_deadline() const;

    [[nodiscard]] std::vector<BindingUpdateListEntry> binding_update_list(TimePoint now) const;
    [[nodiscard]] std::optional<wire::Ipv4Address> home_address4() const;
    [[nodiscard]] std::vector<NamedCount> counters() const;

   private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dsmip::mobility
