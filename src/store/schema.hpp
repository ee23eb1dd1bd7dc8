#pragma once

#include <string>

#include "base/log.hpp"
#include "base/result.hpp"

namespace soci {
class session;  // NOLINT(readability-identifier-naming): the library's own name
}

namespace autotuner::store {

/// Brings a database to the newest schema, in one transaction. A database with tables is copied first, to
/// `<path>.backup-v<version>`. Tables that another version of the tool has made are completed: missing
/// columns are added, and of rows that stand for the same experiment twice the older ones move out of the
/// current run. Throws what SOCI throws. Errors: unavailable when the schema is newer than this program.
base::Result<void> migrate(soci::session& sql, const std::string& path, const base::Logger& logger);

}  // namespace autotuner::store
