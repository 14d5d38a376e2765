// SPDX-License-Identifier: GPL-2.0-or-later
// Requests of every command, valid ones to begin with, and how to spoil them.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "genl_tree.hpp"
#include "random.hpp"

namespace dsmip::tools {

/// What requests are made from.
struct Stock {
    Policies policies;                  ///< as the kernel describes them
    std::vector<std::uint32_t> devices; ///< interface indexes
    std::vector<Request> valid;         ///< accepted before, or meant to be
    /// Device and cookie of paths that the kernel made lately.
    std::vector<std::pair<std::uint32_t, std::uint32_t>> cookies;
};

/// The first valid requests: one or more of each command.
void fill_stock(Stock& stock);
/// Keeps a request that was accepted, at the cost of an older one when there are many.
void learn(Stock& stock, const Request& request, Random& random);
/// Another device, other values where the kernel allows any: still as valid as it was.
void freshen(const Stock& stock, Request& request, Random& random);
/// Spoils types, lengths, values, nesting, order, number of attributes, flags or headers.
void mutate(const Stock& stock, Request& request, Random& random);
/// Now and then spoils the octets of a finished message; its sequence number stays.
void spoil_bytes(Bytes& message, Random& random);

} // namespace dsmip::tools
