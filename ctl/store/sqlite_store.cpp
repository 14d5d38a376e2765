// SPDX-License-Identifier: GPL-2.0-or-later
// Group commit on a thread.
#include "store/sqlite_store.hpp"

#include <csignal>
#include <utility>

namespace dsmip::store {

tl::expected<std::unique_ptr<SqliteStore>, std::string>
SqliteStore::open(const std::string& path, Post post, unsigned pages_max) {
    auto database = SqliteDatabase::open(path, pages_max);
    if (!database) {
        return tl::make_unexpected(database.error());
    }
    return std::unique_ptr<SqliteStore>(new SqliteStore(std::move(*database), std::move(post)));
}

SqliteStore::~SqliteStore() {
    close();
}

tl::expected<std::uint64_t, std::string>
SqliteStore::load(const std::function<void(const Record&)>& each) {
    return database_.load(each);
}

void SqliteStore::start(Outcome outcome, Watcher watcher) {
    *listeners_ = {std::move(outcome), std::move(watcher)};
    // Signals are for the event loop.
    sigset_t all{};
    sigset_t before{};
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    worker_ = std::thread([this] { work(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void SqliteStore::put(Record record, Token token) {
    {
        const std::lock_guard lock(mutex_);
        if (statistics_.waiting < waiting_max) {
            waiting_.records.push_back(std::move(record));
            waiting_.tokens.push_back(token);
            ++statistics_.waiting;
            wake_.notify_one();
            return;
        }
        ++statistics_.failures;
    }
    post_([listeners = listeners_, token] {
        listeners->outcome(std::span(&token, 1), "too many records wait for the disk");
    });
}

void SqliteStore::work() {
    for (;;) {
        Group group;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [this] { return closing_ || !waiting_.records.empty(); });
            if (waiting_.records.empty()) {
                return;
            }
            std::swap(group, waiting_);
        }
        const auto written = database_.write(group.records);
        {
            const std::lock_guard lock(mutex_);
            statistics_.waiting -= group.records.size();
            if (written) {
                ++statistics_.commits;
                statistics_.records += group.records.size();
                statistics_.last_error.clear();
            } else {
                ++statistics_.failures;
                statistics_.last_error = written.error();
            }
        }
        tell(std::move(group), written);
    }
}

void SqliteStore::tell(Group group, const tl::expected<std::uint64_t, std::string>& written) {
    if (!listeners_->watcher) {
        group.records.clear();
    }
    post_([listeners = listeners_, group = std::move(group), written] {
        if (written) {
            auto revision = *written - group.records.size();
            for (const auto& record : group.records) {
                listeners->watcher({++revision, record});
            }
        }
        listeners->outcome(group.tokens, written ? std::nullopt : std::optional(written.error()));
    });
}

void SqliteStore::close() {
    if (!worker_.joinable()) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        closing_ = true;
        wake_.notify_one();
    }
    worker_.join();
    *listeners_ = {[](auto, const auto&) {}, {}};
}

StoreStatistics SqliteStore::statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
}

} // namespace dsmip::store
