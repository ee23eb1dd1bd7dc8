#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "base/result.hpp"

namespace soci {
class session;  // NOLINT(readability-identifier-naming): the library's own name
}

namespace autotuner::store {

/// The path in a database setting: "sqlite:///<path>", "sqlite+aiosqlite:///<path>" or the path itself.
/// Errors: invalid_input for other databases and for an empty path.
base::Result<std::string> sqlite_path(std::string_view setting);

/// One SQLite file: one connection that writes, as many that read as there are readers at a time. Blocking;
/// safe from several threads and several processes.
class Database {
 public:
  using Work = std::function<base::Result<void>(soci::session&)>;

  /// Creates folder and file (mode 0600) where they are missing and brings the schema up to date.
  /// Errors: unavailable, with path and reason.
  static base::Result<std::unique_ptr<Database>> open(const std::string& path, const base::Logger& logger);
  ~Database();

  /// Runs `work` in a transaction: all of it is stored when it returns a value, nothing when it returns an
  /// error or throws. `doing` stands in messages: "can't <doing> in <path>: <reason>".
  base::Result<void> write(std::string_view doing, const Work& work);
  /// Runs `work` on one consistent state of the database.
  base::Result<void> read(std::string_view doing, const Work& work);

  const std::string& path() const { return path_; }

 private:
  Database(std::string path, std::unique_ptr<soci::session> writer);
  std::unique_ptr<soci::session> take_reader();
  void give_back(std::unique_ptr<soci::session> reader);
  base::Result<void> run(soci::session& sql, std::string_view doing, const Work& work,
                         void (*begin)(soci::session&));

  std::string path_;
  std::mutex writing_;
  std::unique_ptr<soci::session> writer_;
  std::mutex choosing_;
  std::vector<std::unique_ptr<soci::session>> readers_;
};

}  // namespace autotuner::store
