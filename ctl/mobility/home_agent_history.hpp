// SPDX-License-Identifier: GPL-2.0-or-later
// What became of the last Binding Update of each home address, for the question why a node is
// bound or not.  Bounded: a flood of home addresses displaces the records of other strangers,
// not those of the nodes that are served.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mobility/home_agent_rules.hpp"
#include "mobility/types.hpp"
#include "wire/mobility_header.hpp"

namespace dsmip::mobility {

enum class UpdateVerdict : std::uint8_t {
    waiting, // for store, kernel or home link
    accepted,
    refused, // with a status
    dropped, // without an answer
};
// "waiting", "accepted", "refused", "dropped".
[[nodiscard]] std::string_view to_string(UpdateVerdict verdict);

// What an answer says of single options, in their order.
struct JudgedOptions {
    struct Identifier {
        std::uint16_t bid = 0;
        RuleRef rule = nullptr;
    };
    std::vector<Identifier> identifiers;
    std::vector<JudgedHomeAddress4> home_addresses4;
};

struct UpdateRecord {
    TimePoint when;
    wire::Endpoint from;                   // on the wire
    std::optional<std::uint16_t> sequence; // if it could be read
    std::chrono::seconds lifetime{0};      // asked for
    UpdateVerdict verdict = UpdateVerdict::waiting;
    RuleRef rule = nullptr; // that decided; nullptr while it waits
    JudgedOptions options;  // accepted, or refused option by option
};

struct EndRecord {
    TimePoint when;
    std::string_view reason; // a constant
};

// The node is, or ends, at another place than before.  Nodes move, so mostly there is nothing
// wrong; two nodes with one home address do it in turn.
struct OwnerChange {
    enum class By : std::uint8_t {
        registration,   // from elsewhere, which took the place of all there was
        deregistration, // from elsewhere
    };
    TimePoint when;
    By by = By::registration;
    wire::Endpoint to;
    wire::Endpoint before;
    TimePoint before_until;  // end of what was registered there
    std::uint64_t count = 0; // since the record began
};

struct NodeHistory {
    std::optional<OwnerChange> owner_change;
    std::optional<UpdateRecord> last;
    std::optional<UpdateRecord> last_accepted;
    std::optional<EndRecord> ended; // the last binding that did
};

class HomeAgentHistory {
public:
    static constexpr std::size_t served_max = 65536;
    static constexpr std::size_t strangers_max = 1024;

    // A message from that home address; `update` if it could be read.  Its fate is told by
    // one of the next three, what an acceptance says of its options before that by judged().
    void received(TimePoint now, const ReceivedMessage& message, const wire::BindingUpdate* update,
                  bool served);
    void accepted(const wire::Ipv6Address& home_address, RuleRef rule);
    void refused(const wire::Ipv6Address& home_address, RuleRef rule, JudgedOptions options = {});
    void dropped(const wire::Ipv6Address& home_address, RuleRef rule);
    void judged(const wire::Ipv6Address& home_address,
                std::span<const JudgedOptions::Identifier> identifiers,
                std::span<const JudgedHomeAddress4> home_addresses4);

    void ended(TimePoint now, const wire::Ipv6Address& home_address, std::string_view reason);
    // `count` is kept by the history.
    void owner_changed(const wire::Ipv6Address& home_address, const OwnerChange& change);

    [[nodiscard]] const NodeHistory* find(const wire::Ipv6Address& home_address) const;
    [[nodiscard]] std::size_t size() const { return served_.size() + strangers_.size(); }

private:
    // Longest without news first.
    class Table {
    public:
        explicit Table(std::size_t most)
            : most_(most) {}
        NodeHistory& at(const wire::Ipv6Address& home_address);
        [[nodiscard]] NodeHistory* find(const wire::Ipv6Address& home_address);
        [[nodiscard]] const NodeHistory* find(const wire::Ipv6Address& home_address) const;
        [[nodiscard]] std::size_t size() const { return places_.size(); }

    private:
        using Row = std::pair<wire::Ipv6Address, NodeHistory>;
        std::size_t most_;
        std::list<Row> rows_;
        std::unordered_map<wire::Ipv6Address, std::list<Row>::iterator> places_;
    };
    // The last one of that node, if its fate has not been told.
    [[nodiscard]] UpdateRecord* undecided(const wire::Ipv6Address& home_address);

    Table served_{served_max};
    Table strangers_{strangers_max};
};

} // namespace dsmip::mobility
