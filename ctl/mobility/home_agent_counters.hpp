// SPDX-License-Identifier: GPL-2.0-or-later
// What a home agent counts.  Names are stable.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "mobility/types.hpp"
#include "wire/codec.hpp"
#include "wire/status.hpp"

namespace dsmip::mobility {

// Messages that are dropped without an answer, by cause; beside these the causes of the
// codec (wire::drop_name) are counted.
enum class HomeAgentDrop : std::uint8_t {
    source_not_unicast,         // of the IPv6 header on the wire
    destination_not_unicast,    // of the message
    home_address_not_unicast,   // not unicast routable
    tunnel_not_ipv4,            // a Binding Update in a tunnel over IPv6 (RFC 5555, 4.5)
    home_address_option_in_udp, // other than the source (RFC 5555, 4.5)
    no_home_address_option,     // where one is needed (RFC 6275, 10.3.1)
    nonce_indices,              // in a home registration (RFC 6275, 9.5.1)
    correspondent_registration, // H flag clear: not authenticated
    unexpected_type,            // a message a home agent has no use for
    too_many_waiting,           // behind a change that the kernel has not answered
    rate_of_node,               // more Binding Updates in turn than one node may send
    rate_of_source,             // more messages over plain IPv6 than may come from one address
    rate_of_network,            // than may come from one network
    rate_of_strangers,          // than may come from everywhere, together
    // Of packets that the kernel has dropped because of their Home Address option:
    home_address_option_unbound,      // no such binding: answered with Binding Error 1
    home_address_option_unused,       // there is one, but nothing here needs the option
    home_address_option_unknown_type, // a Mobility Header of unknown type: Binding Error 2
    count_
};

enum class HomeAgentCount : std::uint8_t {
    updates_received,       // Binding Updates that could be read
    acknowledgements_sent,  // Binding Acknowledgements, all
    registrations_accepted, // Binding Updates that made or renewed bindings
    deregistrations,        // Binding Updates that deleted bindings
    registrations_refused,  // Binding Updates answered with 128 or more
    bindings_expired,       // lifetime ended
    bindings_removed,       // by the operator
    bindings_restored,      // found in the kernel at start-up
    binding_errors_sent,
    binding_errors_suppressed, // by the rate limit
    kernel_failures,           // requests the kernel refused
    kernel_timeouts,           // requests without an answer
    kernel_repairs,            // requests to make the kernel agree with the cache again
    store_failures,            // changes the store could not keep
    store_timeouts,            // changes the store did not confirm
    store_repairs,             // requests to make the store agree with the cache again
    encode_failures,           // answers that could not be built: a defect
    refresh_requests_sent,
    switch_requests_sent, // Home Agent Switch messages
    refused_by_drain,     // Binding Updates refused because the home agent is being drained
    // Binding Updates over plain IPv6 that are above a limit:
    signalling_challenged,          // answered by 135
    signalling_unanswered,          // too many, or from where no host can be
    signalling_proved,              // let in, as they go on from such an answer
    deregistrations_from_elsewhere, // of these that came from where the node was not registered
    refused_from_elsewhere,         // De-registrations refused because of that, by policy
    deregistrations_after_move, // of these while an earlier care-of address, never taken back, had
                                // time
    count_
};

class HomeAgentCounters {
public:
    void add(HomeAgentCount what, std::uint64_t amount = 1) {
        counts_.at(static_cast<std::size_t>(what)) += amount;
    }
    void add(HomeAgentDrop cause) { ++drops_.at(static_cast<std::size_t>(cause)); }
    void add(wire::DecodeCause cause) { ++decode_drops_.at(static_cast<std::size_t>(cause)); }
    // A Binding Update refused as a whole with that status.
    void refused(wire::BindingStatus status) { ++refusals_.at(static_cast<std::size_t>(status)); }

    // "updates_received", ..., "refused_135" for each status this home agent gives,
    // "drop_..." for each cause.
    [[nodiscard]] std::vector<NamedCount> all() const;

private:
    static constexpr std::size_t decode_causes =
        static_cast<std::size_t>(wire::DecodeCause::OptionNotLast) + 1;

    std::array<std::uint64_t, static_cast<std::size_t>(HomeAgentCount::count_)> counts_{};
    std::array<std::uint64_t, static_cast<std::size_t>(HomeAgentDrop::count_)> drops_{};
    std::array<std::uint64_t, decode_causes> decode_drops_{};
    std::array<std::uint64_t, 256> refusals_{};
};

// E.g. "drop_nonce_indices".
std::string_view name_of(HomeAgentDrop cause);
// E.g. "updates_received".
std::string_view name_of(HomeAgentCount what);

} // namespace dsmip::mobility
