// SPDX-License-Identifier: GPL-2.0-or-later
// What each command of dsmipctl does, once its arguments are known.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "cli/binding_filter.hpp"
#include "cli/control_client.hpp"
#include "cli/failure.hpp"
#include "cli/printer.hpp"
#include "wire/address.hpp"

namespace dsmip::cli {

struct Options {
    bool json = false;
    std::string socket = default_socket;
    /// Name of one device; empty = all of them.
    std::string device;
    std::optional<wire::IpAddress> address;
    std::optional<std::uint16_t> bid;
    /// Of binding show.
    BindingFilter filter;
    /// Of drain: where to, nodes per second, seconds until they are refused; or its end.
    std::vector<wire::Ipv6Address> drain_to;
    std::optional<unsigned> drain_rate;
    std::optional<unsigned> drain_grace;
    bool drain_stop = false;
    /// Counters: also those that never moved.
    bool all = false;
    /// Of monitor: the descriptor that the output goes to; -1 = none.
    int output = -1;
};

using Outcome = tl::expected<void, Failure>;

Outcome status(const Options& options, std::ostream& out);
Outcome device_show(const Options& options, std::ostream& out);
Outcome binding_show(const Options& options, std::ostream& out);
/// Flow rules of all nodes, or of the one with the home address `options.address`.
Outcome flow_show(const Options& options, std::ostream& out);
/// All prefixes of mobile networks, or the longest that holds `options.address`.
Outcome prefix_show(const Options& options, std::ostream& out);
/// Deletes through the daemon, which has to forget its part as well.
Outcome binding_del(const Options& options, std::ostream& out);
/// Why the node with the home address `options.address` is bound, or not.
Outcome explain(const Options& options, std::ostream& out);
/// The daemon reads its configuration again and says what has changed.
Outcome reload(const Options& options, std::ostream& out);
/// The home agent sends its nodes to others, or stops that.
Outcome drain(const Options& options, std::ostream& out);
/// The home agents of the home link, as the daemon knows them.
Outcome home_agent_show(const Options& options, std::ostream& out);
Outcome counters(const Options& options, std::ostream& out);
/// Runs until it is killed or nobody reads its output any more. Notes go to `err`.
Outcome monitor(const Options& options, std::ostream& out, std::ostream& err);

/// One line of the daemon's monitor stream as an item; false if it is neither an event nor the
/// acknowledgement of the request. `time` is for an event that has none.
bool show_daemon_event(Printer& printer, const std::string& line, const std::string& time);

} // namespace dsmip::cli
