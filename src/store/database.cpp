#include "store/database.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <soci/soci.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/dialect.hpp"
#include "store/file_lock.hpp"
#include "store/schema.hpp"

namespace autotuner::store {
namespace {

namespace fs = std::filesystem;

base::Result<void> make_folder_of(const fs::path& path) {
  if (!path.has_parent_path()) return {};
  std::error_code problem;
  fs::create_directories(path.parent_path(), problem);
  if (problem) {
    return base::fail(base::ErrorKind::unavailable, "can't create the folder {} of the database: {}",
                      path.parent_path().string(), problem.message());
  }
  return {};
}

/// The file may hold secrets: nobody else reads it, whoever made it.
base::Result<void> make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
    return {};
  }
  if (errno != EEXIST) {
    return base::fail(base::ErrorKind::unavailable, "can't create the database {}: {}", path,
                      std::strerror(errno));
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077) != 0) {
    if (::chmod(path.c_str(), status.st_mode & 0700) != 0 && errno != EPERM && errno != EROFS) {
      return base::fail(base::ErrorKind::unavailable, "can't make the database {} private: {}", path,
                        std::strerror(errno));
    }
  }
  return {};
}

}  // namespace

base::Result<std::string> sqlite_path(std::string_view setting) {
  constexpr std::string_view prefixes[] = {"sqlite:///", "sqlite+aiosqlite:///"};
  for (const auto prefix : prefixes) {
    if (setting.starts_with(prefix)) {
      setting.remove_prefix(prefix.size());
      if (setting.empty()) return base::invalid_input("the database setting '{}' names no file", prefix);
      return std::string(setting);
    }
  }
  if (setting.empty())
    return base::invalid_input("the database setting is empty; must be a path or sqlite:///<path>");
  if (setting.find("://") != std::string_view::npos) {
    return base::invalid_input("the database '{}' is of an unknown kind; must be a path or sqlite:///<path>",
                               setting.substr(0, setting.find("://") + 3));
  }
  return std::string(setting);
}

Database::Database(std::string path, std::unique_ptr<soci::session> writer)
    : path_(std::move(path)), writer_(std::move(writer)) {}

Database::~Database() = default;

base::Result<std::unique_ptr<Database>> Database::open(const std::string& path, const base::Logger& logger) {
  if (auto made = make_folder_of(path); !made) return tl::unexpected(made.error());
  // Two processes that open one database at once would get in each other's way while it changes its schema.
  const auto folder = fs::path(path).parent_path();
  auto opening = FileLock::wait_for(folder.empty() ? "." : folder.string());
  if (!opening) return tl::unexpected(opening.error());
  if (auto made = make_private_file(path); !made) return tl::unexpected(made.error());
  std::unique_ptr<soci::session> writer;
  try {
    writer = dialect::connect(path, dialect::Access::read_write);
    if (auto migrated = migrate(*writer, path, logger); !migrated) return tl::unexpected(migrated.error());
    return std::unique_ptr<Database>(new Database(path, std::move(writer)));
  } catch (const std::exception& problem) {
    return tl::unexpected(dialect::explain(problem, writer.get(), "open the database", path));
  }
}

base::Result<void> Database::write(std::string_view doing, const Work& work) {
  const std::scoped_lock lock(writing_);
  return run(*writer_, doing, work, dialect::begin_write);
}

base::Result<void> Database::read(std::string_view doing, const Work& work) {
  std::unique_ptr<soci::session> reader;
  try {
    reader = take_reader();
  } catch (const std::exception& problem) {
    return tl::unexpected(dialect::explain(problem, nullptr, doing, path_));
  }
  auto result = run(*reader, doing, work, dialect::begin_read);
  give_back(std::move(reader));
  return result;
}

base::Result<void> Database::run(soci::session& sql, std::string_view doing, const Work& work,
                                 void (*begin)(soci::session&)) {
  try {
    begin(sql);
    auto result = work(sql);
    if (!result) {
      dialect::roll_back(sql);
      return result;
    }
    dialect::commit(sql);
    return {};
  } catch (const std::exception& problem) {
    auto error = dialect::explain(problem, &sql, doing, path_);
    dialect::roll_back(sql);
    return tl::unexpected(std::move(error));
  }
}

std::unique_ptr<soci::session> Database::take_reader() {
  {
    const std::scoped_lock lock(choosing_);
    if (!readers_.empty()) {
      auto reader = std::move(readers_.back());
      readers_.pop_back();
      return reader;
    }
  }
  return dialect::connect(path_, dialect::Access::read_only);
}

void Database::give_back(std::unique_ptr<soci::session> reader) {
  const std::scoped_lock lock(choosing_);
  readers_.push_back(std::move(reader));
}

}  // namespace autotuner::store
