// SPDX-License-Identifier: GPL-2.0-or-later
// Cache of path cookies.
#include "daemon/path_cache.hpp"

namespace dsmip::daemon {

std::optional<std::uint32_t> PathCache::cookie(
    mobility::TimePoint now, const mobility::UdpPath& path,
    const std::function<std::optional<std::uint32_t>(const mobility::UdpPath&)>& make) {
    std::erase_if(entries_,
                  [now](const auto& entry) { return entry.second.expires <= now + margin; });
    const Key key{path.remote, path.local, path.link};
    auto found = entries_.find(key);
    if (found == entries_.end()) {
        const auto made = make(path);
        if (!made) {
            return std::nullopt;
        }
        found = entries_.emplace(key, Entry{*made, {}}).first;
    }
    found->second.expires = now + lifetime;
    return found->second.cookie;
}

} // namespace dsmip::daemon
