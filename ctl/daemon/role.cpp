// SPDX-License-Identifier: GPL-2.0-or-later
// What most roles do not have.
#include "daemon/role.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace dsmip::daemon {

tl::expected<Json, std::string> Role::explain(const ExplainRequest& /*request*/) const {
    return tl::make_unexpected(
        "this daemon is a mobile node; only a home agent knows why a node is bound");
}

tl::expected<Json, std::string> Role::drain(const DrainControlRequest& /*request*/) {
    return tl::make_unexpected("this daemon is a mobile node; only a home agent can be drained");
}

tl::expected<Json, std::string> Role::home_agents() const {
    return tl::make_unexpected(
        "this daemon is a mobile node; only a home agent keeps a list of home agents");
}

std::string ReloadRefusal::text() const {
    return not_taken_back.empty()
               ? reason
               : fmt::format("{}; the host is not as it was, for this could not be taken back: {}",
                             reason, fmt::join(not_taken_back, "; "));
}

std::shared_ptr<Preparation> Role::prepare(const Configuration& /*configuration*/) const {
    return nullptr;
}

void Role::reconfigure(std::shared_ptr<Preparation> /*next*/, Taken taken) {
    taken(Notes{});
}

} // namespace dsmip::daemon
