// SPDX-License-Identifier: GPL-2.0-or-later
// The SQLite file of a store: opening it with all checks, its schema, its statements. Blocks; one
// thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <tl/expected.hpp>

#include "store/store.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace dsmip::store {

class SqliteDatabase {
public:
    /// Of the tables; a file with another one is refused.
    static constexpr int schema_version = 1;

    /// Makes the file and its folder where they are missing. `pages_max` limits the file, 0 = the
    /// disk does. The error names the file, what is wrong and what to do.
    static tl::expected<SqliteDatabase, std::string> open(const std::string& path,
                                                          unsigned pages_max = 0);

    /// Every record; returns the revision.
    tl::expected<std::uint64_t, std::string> load(const std::function<void(const Record&)>& each);

    /// All of them or none, durable when it returns; returns the revision of the last one.
    tl::expected<std::uint64_t, std::string> write(std::span<const Record> records);

private:
    struct Close {
        void operator()(sqlite3* database) const;
    };
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

    SqliteDatabase(std::string path, sqlite3* database)
        : path_(std::move(path))
        , database_(database) {}

    [[nodiscard]] std::string problem() const;
    std::optional<std::string> run(const char* sql);
    tl::expected<std::int64_t, std::string> number(const char* sql);
    tl::expected<Statement, std::string> prepare(const char* sql);
    std::optional<std::string> set_up(unsigned pages_max);
    std::optional<std::string> check_schema();
    std::optional<std::string> write_all(std::span<const Record> records, std::uint64_t& revision);
    std::optional<std::string> write_one(const Record& record, std::uint64_t revision);

    std::string path_;
    std::unique_ptr<sqlite3, Close> database_;
    Statement put_;
    Statement erase_;
    Statement set_revision_;
};

} // namespace dsmip::store
