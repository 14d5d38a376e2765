// SPDX-License-Identifier: GPL-2.0-or-later
// Registrations to records and back.
#include "daemon/registration_store.hpp"

#include <chrono>

#include <asio/post.hpp>
#include <spdlog/spdlog.h>

#include "store/registration_record.hpp"
#include "store/sqlite_store.hpp"

namespace dsmip::daemon {

namespace {

store::WallTime wall_time() {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
}

} // namespace

tl::expected<std::unique_ptr<RegistrationStore>, std::string>
RegistrationStore::open(asio::io_context& loop, const StoreConfiguration& configuration) {
    auto opened = store::SqliteStore::open(configuration.path, [&loop](std::function<void()> work) {
        asio::post(loop, std::move(work));
    });
    if (!opened) {
        return tl::make_unexpected(opened.error());
    }
    return std::unique_ptr<RegistrationStore>(
        new RegistrationStore(configuration.path, std::move(*opened)));
}

tl::expected<std::vector<mobility::StoredRegistration>, std::string> RegistrationStore::load() {
    std::vector<mobility::StoredRegistration> registrations;
    const auto now = wall_time();
    const auto loaded = store_->load([&](const store::Record& record) {
        auto registration = store::decode(record.home_address, record.value, now);
        if (registration) {
            registrations.push_back(std::move(*registration));
        } else {
            spdlog::warn("store {}: {}: {}", path_, wire::to_string(record.home_address),
                         registration.error());
        }
    });
    if (!loaded) {
        return tl::make_unexpected(loaded.error());
    }
    return registrations;
}

void RegistrationStore::start(Confirmed confirmed) {
    store_->start(
        [this, confirmed = std::move(confirmed)](auto requests, const auto& error) {
            note(error);
            confirmed(requests, error);
        },
        {});
}

void RegistrationStore::keep(const mobility::KeepRegistration& keep) {
    store_->put(
        {keep.registration.node.home_address, store::encode(keep.registration, wall_time())},
        keep.request);
}

void RegistrationStore::close() {
    store_->close();
}

/// Once for each change: a full disk refuses many.
void RegistrationStore::note(const std::optional<std::string>& error) {
    if (error.has_value() == failing_) {
        return;
    }
    failing_ = error.has_value();
    if (failing_) {
        spdlog::error("{}; what is registered stays as it is, and changes are refused until the "
                      "store keeps them again",
                      *error);
    } else {
        spdlog::info("store {}: keeps changes again", path_);
    }
}

Json RegistrationStore::status() const {
    const auto statistics = store_->statistics();
    Json result;
    result["path"] = path_;
    result["commits"] = statistics.commits;
    result["records"] = statistics.records;
    result["failures"] = statistics.failures;
    result["waiting"] = statistics.waiting;
    result["last_error"] =
        statistics.last_error.empty() ? Json(nullptr) : Json(statistics.last_error);
    return result;
}

} // namespace dsmip::daemon
