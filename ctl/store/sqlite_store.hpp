// SPDX-License-Identifier: GPL-2.0-or-later
// The embedded store: one SQLite file, written by a thread of its own. All that waits when the
// disk is ready becomes one transaction (group commit), so a slow disk makes larger groups, not a
// longer queue, and the event loop never waits.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "store/sqlite_database.hpp"
#include "store/store.hpp"

namespace dsmip::store {

class SqliteStore final : public Store {
public:
    /// Records that wait for a disk that does not move; more are refused at once.
    static constexpr std::size_t waiting_max = std::size_t{1} << 20U;

    /// Runs a function on the thread of the event loop, later; callable from any thread.
    using Post = std::function<void(std::function<void()>)>;

    static tl::expected<std::unique_ptr<SqliteStore>, std::string>
    open(const std::string& path, Post post, unsigned pages_max = 0);
    ~SqliteStore() override;

    tl::expected<std::uint64_t, std::string>
    load(const std::function<void(const Record&)>& each) override;
    void start(Outcome outcome, Watcher watcher) override;
    void put(Record record, Token token) override;
    void close() override;
    [[nodiscard]] StoreStatistics statistics() const override;

private:
    struct Group {
        std::vector<Record> records;
        std::vector<Token> tokens;
    };

    SqliteStore(SqliteDatabase database, Post post)
        : database_(std::move(database))
        , post_(std::move(post)) {}
    void work();
    void tell(Group group, const tl::expected<std::uint64_t, std::string>& written);

    SqliteDatabase database_; // the worker's, once there is one
    Post post_;
    // Shared with what was posted, which may run when the store has gone.
    struct Listeners {
        Outcome outcome;
        Watcher watcher;
    };
    std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    Group waiting_;
    StoreStatistics statistics_;
    bool closing_ = false;
    std::thread worker_;
};

} // namespace dsmip::store
