// SPDX-License-Identifier: GPL-2.0-or-later
// The path cookies that a mobile node made for its own messages over UDP, and when they end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <tuple>

#include "mobility/types.hpp"

namespace dsmip::daemon {

class PathCache {
public:
    /// Lifetime that a cookie is asked for.
    static constexpr mobility::Duration lifetime = std::chrono::minutes(1);
    /// A cookie this near to its end is made anew rather than used.
    static constexpr mobility::Duration margin = std::chrono::seconds(5);

    /// The cookie for this path, from the cache or made by `make`; nothing if that fails. Each use
    /// renews the cookie's lifetime in the kernel (DSMIP_CMD_PATH_NEW).
    std::optional<std::uint32_t>
    cookie(mobility::TimePoint now, const mobility::UdpPath& path,
           const std::function<std::optional<std::uint32_t>(const mobility::UdpPath&)>& make);

    /// Forget all: the device may have lost them.
    void clear() { entries_.clear(); }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::uint32_t cookie = 0;
        mobility::TimePoint expires;
    };
    using Key = std::tuple<wire::Endpoint, wire::Ipv4Address, unsigned>;

    std::map<Key, Entry> entries_;
};

} // namespace dsmip::daemon
