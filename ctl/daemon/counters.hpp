// SPDX-License-Identifier: GPL-2.0-or-later
// Counts of the daemon's own events under stable names; dropped messages are those that start with
// "drop_".
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace dsmip::daemon {

class Counters {
public:
    void add(std::string_view name) {
        const auto found = values_.find(name);
        if (found != values_.end()) {
            ++found->second;
        } else {
            values_.emplace(name, 1);
        }
    }
    /// Of what is counted elsewhere.
    void set(std::string_view name, std::uint64_t value) {
        values_.insert_or_assign(std::string(name), value);
    }
    [[nodiscard]] const std::map<std::string, std::uint64_t, std::less<>>& values() const {
        return values_;
    }

private:
    std::map<std::string, std::uint64_t, std::less<>> values_;
};

} // namespace dsmip::daemon
