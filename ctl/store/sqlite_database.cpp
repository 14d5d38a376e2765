// SPDX-License-Identifier: GPL-2.0-or-later
// SQLite behind expected values.
#include "store/sqlite_database.hpp"

#include <algorithm>
#include <filesystem>

#include <sqlite3.h>
#include <sys/stat.h>

namespace dsmip::store {
namespace {

// "DSMP"; tells our file from that of another program.
constexpr std::int64_t application_id = 0x44534D50;

// A predecessor that was just killed may still be about to let go of the file.
constexpr int busy_timeout_ms = 2000;

// Write-ahead log: a commit is one sequential write and one flush. FULL: it survives a power
// failure. EXCLUSIVE: no second daemon, and no shared memory file. A blob as key without rowid: a
// record is one look-up and, mostly, one page.
constexpr const char* settings = "PRAGMA locking_mode = EXCLUSIVE;"
                                 "PRAGMA journal_mode = WAL;"
                                 "PRAGMA synchronous = FULL;";
constexpr const char* schema =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE registration (home_address BLOB PRIMARY KEY, record BLOB NOT NULL,"
    " revision INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE state (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL);"
    "INSERT INTO state VALUES (1, 0);"
    "PRAGMA application_id = 1146309968;"
    "PRAGMA user_version = 1;"
    "COMMIT;";
static_assert(application_id == 1146309968);

std::string remedy(int code) {
    switch (code & 0xFF) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return "; the file is damaged or no store: move it away, and bindings are taken from the "
               "kernel";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "; another process uses it: give each daemon its own [store] path";
    case SQLITE_FULL:
        return "; make room on the disk";
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return "; the daemon has to be able to write the file and its folder";
    default:
        return {};
    }
}

} // namespace

void SqliteDatabase::Close::operator()(sqlite3* database) const {
    sqlite3_close_v2(database);
}

void SqliteDatabase::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

std::string SqliteDatabase::problem() const {
    const int code = sqlite3_extended_errcode(database_.get());
    return "store " + path_ + ": " + sqlite3_errmsg(database_.get()) + remedy(code);
}

std::optional<std::string> SqliteDatabase::run(const char* sql) {
    if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
        return problem();
    }
    return std::nullopt;
}

tl::expected<SqliteDatabase::Statement, std::string> SqliteDatabase::prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                           nullptr) != SQLITE_OK) {
        return tl::make_unexpected(problem());
    }
    return Statement(statement);
}

tl::expected<std::int64_t, std::string> SqliteDatabase::number(const char* sql) {
    auto statement = prepare(sql);
    if (!statement) {
        return tl::make_unexpected(statement.error());
    }
    if (sqlite3_step(statement->get()) != SQLITE_ROW) {
        return tl::make_unexpected(problem());
    }
    return sqlite3_column_int64(statement->get(), 0);
}

tl::expected<SqliteDatabase, std::string> SqliteDatabase::open(const std::string& path,
                                                               unsigned pages_max) {
    const auto folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    // Bindings tell where people are: nobody else may read them.
    const auto old_mask = ::umask(0077);
    if (!folder.empty()) {
        std::filesystem::create_directories(folder, error);
    }
    sqlite3* handle = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
    ::umask(old_mask);
    SqliteDatabase database(path, handle);
    if (handle == nullptr) {
        return tl::make_unexpected("store " + path + ": out of memory");
    }
    if (error || code != SQLITE_OK) {
        return tl::make_unexpected(error ? "store " + path +
                                               ": folder cannot be made: " + error.message()
                                         : database.problem());
    }
    if (auto failure = database.set_up(pages_max)) {
        return tl::make_unexpected(std::move(*failure));
    }
    return database;
}

std::optional<std::string> SqliteDatabase::set_up(unsigned pages_max) {
    sqlite3_busy_timeout(database_.get(), busy_timeout_ms);
    const auto old_mask = ::umask(0077); // the log is a file of its own
    auto failure = run(settings);
    if (!failure) {
        failure = check_schema();
    }
    ::umask(old_mask);
    if (!failure && pages_max != 0) {
        failure = run(("PRAGMA max_page_count = " + std::to_string(pages_max)).c_str());
    }
    if (failure) {
        return failure;
    }
    auto put = prepare("INSERT INTO registration VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET "
                       "record = excluded.record, revision = excluded.revision");
    auto erase = prepare("DELETE FROM registration WHERE home_address = ?1");
    auto set_revision = prepare("UPDATE state SET revision = ?1");
    for (const auto* statement : {&put, &erase, &set_revision}) {
        if (!*statement) {
            return statement->error();
        }
    }
    put_ = std::move(*put);
    erase_ = std::move(*erase);
    set_revision_ = std::move(*set_revision);
    return std::nullopt;
}

std::optional<std::string> SqliteDatabase::check_schema() {
    const auto owner = number("PRAGMA application_id");
    const auto version = number("PRAGMA user_version");
    const auto tables = number("SELECT count(*) FROM sqlite_schema");
    for (const auto* value : {&owner, &version, &tables}) {
        if (!*value) {
            return value->error();
        }
    }
    if (*tables == 0) {
        return run(schema);
    }
    if (*owner != application_id) {
        return "store " + path_ + ": is a database of another program; choose another path";
    }
    if (*version != schema_version) {
        return "store " + path_ + ": has schema version " + std::to_string(*version) +
               ", this daemon knows " + std::to_string(schema_version) +
               "; move the file away, and bindings are taken from the kernel";
    }
    return std::nullopt;
}

tl::expected<std::uint64_t, std::string>
SqliteDatabase::load(const std::function<void(const Record&)>& each) {
    const auto revision = number("SELECT revision FROM state");
    auto rows = prepare("SELECT home_address, record FROM registration");
    if (!revision || !rows) {
        return tl::make_unexpected(revision ? rows.error() : revision.error());
    }
    for (;;) {
        const int code = sqlite3_step(rows->get());
        if (code == SQLITE_DONE) {
            return static_cast<std::uint64_t>(*revision);
        }
        if (code != SQLITE_ROW) {
            return tl::make_unexpected(problem());
        }
        const auto column = [&](int index) {
            const auto* octets =
                static_cast<const std::uint8_t*>(sqlite3_column_blob(rows->get(), index));
            const auto size = static_cast<std::size_t>(sqlite3_column_bytes(rows->get(), index));
            return std::span(octets, octets == nullptr ? 0 : size);
        };
        Record record;
        const auto key = column(0);
        if (key.size() != record.home_address.bytes.size()) {
            return tl::make_unexpected("store " + path_ + ": a key is no IPv6 address" +
                                       remedy(SQLITE_CORRUPT));
        }
        std::copy(key.begin(), key.end(), record.home_address.bytes.begin());
        const auto value = column(1);
        record.value.assign(value.begin(), value.end());
        each(record);
    }
}

std::optional<std::string> SqliteDatabase::write_one(const Record& record, std::uint64_t revision) {
    auto* statement = record.value.empty() ? erase_.get() : put_.get();
    sqlite3_bind_blob(statement, 1, record.home_address.bytes.data(),
                      static_cast<int>(record.home_address.bytes.size()), SQLITE_STATIC);
    if (!record.value.empty()) {
        sqlite3_bind_blob(statement, 2, record.value.data(), static_cast<int>(record.value.size()),
                          SQLITE_STATIC);
        sqlite3_bind_int64(statement, 3, static_cast<sqlite3_int64>(revision));
    }
    const int code = sqlite3_step(statement);
    auto failure = code == SQLITE_DONE ? std::nullopt : std::optional(problem());
    sqlite3_reset(statement);
    return failure;
}

std::optional<std::string> SqliteDatabase::write_all(std::span<const Record> records,
                                                     std::uint64_t& revision) {
    if (auto failure = run("BEGIN IMMEDIATE")) {
        return failure;
    }
    const auto last = number("SELECT revision FROM state");
    if (!last) {
        return last.error();
    }
    revision = static_cast<std::uint64_t>(*last);
    for (const auto& record : records) {
        if (auto failure = write_one(record, ++revision)) {
            return failure;
        }
    }
    sqlite3_bind_int64(set_revision_.get(), 1, static_cast<sqlite3_int64>(revision));
    const int code = sqlite3_step(set_revision_.get());
    auto failure = code == SQLITE_DONE ? std::nullopt : std::optional(problem());
    sqlite3_reset(set_revision_.get());
    return failure ? failure : run("COMMIT");
}

tl::expected<std::uint64_t, std::string> SqliteDatabase::write(std::span<const Record> records) {
    std::uint64_t revision = 0;
    auto failure = write_all(records, revision);
    if (!failure) {
        return revision;
    }
    if (sqlite3_get_autocommit(database_.get()) == 0) {
        (void)run("ROLLBACK");
    }
    return tl::make_unexpected(std::move(*failure));
}

} // namespace dsmip::store
