// SPDX-License-Identifier: GPL-2.0-or-later
// What a home agent remembers across restarts: one record per home address. The interface is
// that of any engine that keeps records, on this machine or on several.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "wire/address.hpp"

namespace dsmip::store {

/// All that is kept of one home address; what the octets mean says registration_record.hpp.
struct Record {
    wire::Ipv6Address home_address;
    std::vector<std::uint8_t> value; ///< empty = nothing is kept

    friend bool operator==(const Record&, const Record&) = default;
};

/// A record as it became durable. Revisions grow by one with each, and go on after a restart.
struct Change {
    std::uint64_t revision = 0;
    Record record;
};

struct StoreStatistics {
    std::uint64_t commits = 0;  ///< groups that became durable
    std::uint64_t records = 0;  ///< in these
    std::uint64_t failures = 0; ///< groups that did not
    std::uint64_t waiting = 0;  ///< records that are not durable yet
    std::string last_error;     ///< empty = the last group became durable
};

/// Chosen by who puts a record, and given back with its outcome.
using Token = std::uint64_t;

class Store {
public:
    /// All records with these tokens are durable, or (an error) none of them is. Called on the
    /// thread of the event loop.
    using Outcome = std::function<void(std::span<const Token>, const std::optional<std::string>&)>;
    /// Called on the thread of the event loop, in the order of revisions.
    using Watcher = std::function<void(const Change&)>;

    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    /// Every record there is, once, before start(); returns the revision they are as of.
    virtual tl::expected<std::uint64_t, std::string>
    load(const std::function<void(const Record&)>& each) = 0;

    /// Outcomes go to `outcome`; every change after what load() gave, whoever made it, goes to
    /// `watcher`, if there is one.
    virtual void start(Outcome outcome, Watcher watcher) = 0;

    /// Never blocks. What is put together becomes durable together, in the order of the calls.
    virtual void put(Record record, Token token) = 0;

    /// Returns when all that was put is durable or has failed. No calls afterwards.
    virtual void close() = 0;

    [[nodiscard]] virtual StoreStatistics statistics() const = 0;
};

} // namespace dsmip::store
