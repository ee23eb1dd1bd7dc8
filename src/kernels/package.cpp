#include "kernels/package.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "kernels/folders.hpp"
#include "kernels/table_files.hpp"
#include "kernels/version.hpp"

namespace autotuner::kernels {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view folder_name = "aiconfigurator_core";

/// The folders of packages below a prefix: that of a virtual environment, /usr, /usr/local, ~/.local.
void add_site_folders(const fs::path& prefix, std::vector<fs::path>& found) {
  for (const auto* library : {"lib", "lib64"}) {
    for (const auto& python : folders_in(prefix / library)) {
      if (!python.starts_with("python3")) continue;
      found.push_back(prefix / library / python / "site-packages");
      found.push_back(prefix / library / python / "dist-packages");
    }
  }
}

std::vector<fs::path> site_folders(const fs::path& program) {
  std::vector<fs::path> found;
  std::error_code error;
  // The interpreter of a virtual environment is a link out of it, a tool's script often one into it.
  for (const auto& path : {program, fs::canonical(program, error)}) {
    const auto prefix = path.parent_path().parent_path();
    if (prefix.empty()) continue;
    add_site_folders(prefix, found);
    if (prefix == "/usr") add_site_folders("/usr/local", found);
  }
  return found;
}

/// The newest version of a distribution by the folders of metadata.
std::string version_in(const fs::path& site, std::string_view distribution) {
  const auto begin = std::string(distribution) + "-";
  constexpr std::string_view end = ".dist-info";
  std::vector<std::string> versions;
  for (const auto& name : folders_in(site)) {
    if (name.starts_with(begin) && name.ends_with(end))
      versions.push_back(name.substr(begin.size(), name.size() - begin.size() - end.size()));
  }
  const auto sorted = by_nearness(std::move(versions), {});
  return sorted.empty() ? "" : sorted.front();
}

std::string name_of(const fs::path& package) {
  const auto version = package_version(package);
  return version.empty() ? "aiconfigurator-core" : "aiconfigurator-core " + version;
}

}  // namespace

base::Result<fs::path> find_package(const PackagePlaces& places) {
  if (!places.wish.empty()) {
    for (const auto& folder : {fs::path(places.wish), fs::path(places.wish) / folder_name}) {
      if (is_package(folder)) return folder;
    }
    return base::invalid_input("the folder of kernel tables {} holds no {}", places.wish, folder_name);
  }
  std::vector<fs::path> folders;
  for (const auto& program : places.programs) {
    for (auto& folder : site_folders(program)) folders.push_back(std::move(folder));
  }
  if (!places.home.empty()) add_site_folders(fs::path(places.home) / ".local", folders);
  for (const auto& folder : folders) {
    if (is_package(folder / folder_name)) return folder / folder_name;
  }
  return base::fail(base::ErrorKind::not_found,
                    "aiconfigurator-core is not installed (pip install aiconfigurator-core)");
}

std::string package_version(const fs::path& package) {
  return version_in(package.parent_path(), folder_name);
}

std::string distribution_version(std::string_view program, std::string_view distribution) {
  for (const auto& site : site_folders(program)) {
    if (auto version = version_in(site, distribution); !version.empty()) return version;
  }
  return "";
}

base::Result<predict::MeasuredKernels> read_kernels(const fs::path& package, const Question& question) {
  if (!predict::is_covered(question.shape))
    return base::fail(base::ErrorKind::not_found,
                      "kernel tables are used for dense models only; this one has {}",
                      question.shape.experts > 0 ? "experts" : "latent attention");
  const auto loaded = load_tables(package, question.device, question.engine, question.engine_version);
  if (!loaded) return tl::unexpected(loaded.error());
  return predict::MeasuredKernels{
      .source = fmt::format("{}, {}, {} {}", name_of(package), loaded->system, loaded->engine,
                            base::join(loaded->versions, " and ")),
      .kernels = predict::model_kernels(loaded->tables, question.shape, question.engine, question.device)};
}

std::string describe(const fs::path& package) {
  return fmt::format("{} in {}: {}", name_of(package), package.string(),
                     base::join(systems_of(package), " "));
}

}  // namespace autotuner::kernels
