// SPDX-License-Identifier: GPL-2.0-or-later
// The embedded store: what was confirmed is there after a restart, what was not is not half
// there; and every file that cannot be used is named with its fault.
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite_store.hpp"

using namespace dsmip;
using store::Change;
using store::Record;
using store::SqliteStore;

namespace {

// An event loop of sorts: runs what was posted when the test says so.
class Loop {
public:
    SqliteStore::Post post() {
        return [this](std::function<void()> work) {
            const std::lock_guard lock(mutex_);
            queue_.push_back(std::move(work));
            wake_.notify_one();
        };
    }
    void run_one() {
        std::function<void()> work;
        {
            std::unique_lock lock(mutex_);
            REQUIRE(
                wake_.wait_for(lock, std::chrono::seconds(60), [this] { return !queue_.empty(); }));
            work = std::move(queue_.front());
            queue_.pop_front();
        }
        work();
    }

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> queue_;
};

class Folder {
public:
    Folder() {
        std::string name = std::filesystem::temp_directory_path() / "dsmip-store-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string file() const { return path_ / "deeper" / "ha.db"; }
    [[nodiscard]] std::string write(const std::string& text) const {
        std::filesystem::create_directories(path_ / "deeper");
        std::ofstream(file(), std::ios::binary) << text;
        return file();
    }

private:
    std::filesystem::path path_;
};

wire::Ipv6Address address(unsigned number) {
    wire::Ipv6Address result;
    result.bytes = {0x20, 0x01, 0x0d, 0xb8};
    result.bytes[14] = static_cast<std::uint8_t>(number >> 8U);
    result.bytes[15] = static_cast<std::uint8_t>(number);
    return result;
}

Record record(unsigned number, std::size_t size = 100) {
    return {address(number), std::vector<std::uint8_t>(size, static_cast<std::uint8_t>(number))};
}

using Contents = std::map<wire::Ipv6Address, std::vector<std::uint8_t>>;

struct Opened {
    std::unique_ptr<SqliteStore> store;
    Contents contents;
    std::uint64_t revision = 0;
    std::map<store::Token, std::optional<std::string>> outcomes;
    std::vector<Change> changes;
    std::size_t groups = 0;
    Loop loop;

    explicit Opened(const std::string& path, unsigned pages_max = 0) {
        auto opened = SqliteStore::open(path, loop.post(), pages_max);
        REQUIRE(opened);
        store = std::move(*opened);
        const auto loaded = store->load(
            [this](const Record& record) { contents[record.home_address] = record.value; });
        REQUIRE(loaded);
        revision = *loaded;
        store->start(
            [this](auto tokens, const auto& error) {
                ++groups;
                for (const auto token : tokens) {
                    outcomes[token] = error;
                }
            },
            [this](const Change& change) { changes.push_back(change); });
    }
    void wait_for(std::size_t count) {
        while (outcomes.size() < count) {
            loop.run_one();
        }
    }
};

std::string why_not(const std::string& path) {
    Loop loop;
    const auto opened = SqliteStore::open(path, loop.post());
    REQUIRE_FALSE(opened);
    return opened.error();
}

bool contains(const std::string& text, const std::string& part) {
    CAPTURE(text, part);
    return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("what is confirmed survives") {
    const Folder folder;
    {
        Opened first(folder.file());
        CHECK(first.contents.empty());
        CHECK(first.revision == 0);
        for (unsigned i = 0; i < 1000; ++i) {
            first.store->put(record(i), i);
        }
        first.store->put(record(5, 7), 1000);
        first.store->put({address(6), {}}, 1001);
        first.wait_for(1002);
        CHECK(std::all_of(first.outcomes.begin(), first.outcomes.end(),
                          [](const auto& outcome) { return !outcome.second; }));
        CHECK(first.groups < 500); // those that wait for the disk go together
        CHECK(first.store->statistics().records == 1002);
        CHECK(first.store->statistics().waiting == 0);
    }
    Opened again(folder.file());
    CHECK(again.contents.size() == 999);
    CHECK(again.contents.at(address(5)) == record(5, 7).value);
    CHECK(again.contents.at(address(999)) == record(999).value);
    CHECK_FALSE(again.contents.contains(address(6)));
    CHECK(again.revision == 1002);
    struct stat status {};
    REQUIRE(::stat(folder.file().c_str(), &status) == 0);
    CHECK((status.st_mode & 0077U) == 0);
}

TEST_CASE("everything that was put is durable when the store is closed") {
    const Folder folder;
    {
        Opened first(folder.file());
        for (unsigned i = 0; i < 300; ++i) {
            first.store->put(record(i), i);
        }
        first.store->close(); // nobody has run the loop
    }
    CHECK(Opened(folder.file()).contents.size() == 300);
}

TEST_CASE("the change feed tells every change once, in order") {
    const Folder folder;
    Opened opened(folder.file());
    for (unsigned i = 0; i < 50; ++i) {
        opened.store->put(record(i % 7, 1 + i), i);
    }
    opened.wait_for(50);
    REQUIRE(opened.changes.size() == 50);
    Contents replica;
    for (unsigned i = 0; i < 50; ++i) {
        CHECK(opened.changes[i].revision == i + 1);
        CHECK(opened.changes[i].record == record(i % 7, 1 + i));
    }
}

TEST_CASE("a full disk: nothing of the group is kept, an error says so, room heals it") {
    const Folder folder;
    {
        Opened opened(folder.file(), 12);
        opened.store->put(record(1), 1);
        opened.wait_for(1);
        CHECK_FALSE(opened.outcomes.at(1));
        for (unsigned i = 2; i < 20; ++i) {
            opened.store->put(record(i, 30000), i);
        }
        opened.wait_for(19);
        const auto error = opened.outcomes.at(19);
        REQUIRE(error);
        CHECK(contains(*error, "full; make room on the disk"));
        CHECK(contains(*error, folder.file()));
        CHECK(opened.store->statistics().failures > 0);
        CHECK(opened.store->statistics().last_error == *error);
        // What still fits is kept as before.
        opened.store->put(record(1, 50), 100);
        opened.wait_for(20);
        CHECK_FALSE(opened.outcomes.at(100));
        CHECK(opened.store->statistics().last_error.empty());
    }
    const Opened again(folder.file());
    CHECK(again.contents.at(address(1)).size() == 50);
    CHECK_FALSE(again.contents.contains(address(19)));
}

TEST_CASE("files that cannot be used are refused with file, fault and remedy") {
    const Folder folder;
    SECTION("no database") {
        const auto error = why_not(folder.write(std::string(5000, 'x')));
        CHECK(contains(error, folder.file()));
        CHECK(contains(error, "not a database"));
        CHECK(contains(error, "move it away"));
    }
    SECTION("damaged in the middle") {
        {
            Opened opened(folder.file());
            for (unsigned i = 0; i < 2000; ++i) {
                opened.store->put(record(i), i);
            }
            opened.wait_for(2000);
        }
        std::fstream file(folder.file(), std::ios::binary | std::ios::in | std::ios::out);
        for (unsigned page = 2; page < 20; ++page) {
            file.seekp(page * 4096);
            file << std::string(2000, 'x');
        }
        file.close();
        Loop loop;
        auto opened = SqliteStore::open(folder.file(), loop.post());
        const auto loaded = (*opened)->load([](const Record&) {});
        REQUIRE_FALSE(loaded);
        CHECK(contains(loaded.error(), "malformed"));
        CHECK(contains(loaded.error(), "move it away"));
    }
    SECTION("in use") {
        const Opened opened(folder.file());
        CHECK(contains(why_not(folder.file()), "another process uses it"));
    }
    SECTION("of a newer daemon, or of another program") {
        { const Opened opened(folder.file()); }
        std::fstream file(folder.file(), std::ios::binary | std::ios::in | std::ios::out);
        const bool newer = GENERATE(true, false);
        file.seekp(newer ? 63 : 68); // user version, application id
        file.put(2);
        file.close();
        CHECK(contains(why_not(folder.file()), newer ? "has schema version 2, this daemon knows 1"
                                                     : "is a database of another program"));
    }
    SECTION("a folder") {
        std::filesystem::create_directories(folder.file());
        CHECK(contains(why_not(folder.file()), "unable to open"));
    }
    SECTION("below a file") {
        const auto file = folder.write("x");
        CHECK(contains(why_not(file + "/ha.db"), "folder cannot be made"));
    }
}
