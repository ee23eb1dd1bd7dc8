#pragma once

#include <array>
#include <string_view>

#include "base/json.hpp"
#include "store/cells.hpp"

namespace autotuner::store {

/// A member of a task document and the column of `tasks` that holds it.
struct DocumentColumn {
  std::string_view member;
  std::string_view column;
  bool is_json = true;
  bool required = false;
};
inline constexpr std::array<DocumentColumn, 15> document_columns = {{
    {"task_name", "task_name", false, true},
    {"description", "description", false},
    {"model", "model_config", true, true},
    {"base_runtime", "base_runtime", false, true},
    {"runtime_image_tag", "runtime_image_tag", false},
    {"deployment_mode", "deployment_mode", false},
    {"gpu_type", "gpu_type", false},
    {"parameters", "parameters", true, true},
    {"optimization", "optimization_config", true, true},
    {"benchmark", "benchmark_config", true, true},
    {"slo", "slo_config"},
    {"quant_config", "quant_config"},
    {"parallel_config", "parallel_config"},
    {"clusterbasemodel_config", "clusterbasemodel_config"},
    {"clusterservingruntime_config", "clusterservingruntime_config"},
}};

/// A document spread over its columns; members without a column stand in `extra`. Columns that may not be
/// null and have no member are {} or empty text.
Cells cells_of_document(const base::Json& document);
/// The document again, members in the order of `document_columns`, then `extra`. Null members are left out.
base::Json document_of_cells(const Cells& cells);

}  // namespace autotuner::store
