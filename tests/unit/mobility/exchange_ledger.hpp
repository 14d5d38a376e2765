// SPDX-License-Identifier: GPL-2.0-or-later
// What a home agent has promised: kept by reading its answers, beside the engine.  A binding that
// was acknowledged is there until it ends or something that can be named took it away; what was
// not acknowledged is not there; an acknowledged sequence number follows the one before.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "mobility/home_agent.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility::test {

class Ledger {
public:
    // Just before the home agent sees the message.
    void delivered(TimePoint now, const ReceivedMessage& message);
    // Just after the home agent did this.
    void sent(TimePoint now, const SendMessage& message);
    void reported(TimePoint now, const Report& report);
    // After a restart nobody can say what is registered, because the kernel was left in doubt.
    void forget(const wire::Ipv6Address& home_address);
    void restarted() { delivered_.clear(); }

    // Holds the cache of the home agent against what was promised.
    void check(TimePoint now, const HomeAgent& home_agent) const;

    // Acknowledged changes of bindings.
    [[nodiscard]] std::size_t changes() const { return changes_; }

private:
    struct Promise {
        TimePoint at_least_until;
        TimePoint at_most_until;
    };
    struct Node {
        std::map<std::uint16_t, Promise> bindings;
        std::uint16_t sequence = 0;
        bool draft = false;    // has proved to speak the draft
        bool in_doubt = false; // until the next answer that settles everything
    };
    struct Delivered {
        wire::BindingUpdate update;
        std::vector<std::uint8_t> octets;
        TimePoint at;
        bool overwrite = false;
        bool draft = false;
        bool ambiguous = false; // another one with the same sequence number
    };

    void accept(TimePoint now, const wire::Ipv6Address& home_address, const Delivered& delivered,
                const wire::BindingAcknowledgement& answer);

    std::map<wire::Ipv6Address, Node> nodes_;
    std::map<std::pair<wire::Ipv6Address, std::uint16_t>, Delivered> delivered_;
    std::size_t changes_ = 0;
};

} // namespace dsmip::mobility::test
