#pragma once

#include <exception>
#include <optional>

#include <boost/asio/io_context.hpp>

#include "base/async.hpp"

namespace autotuner::test {

/// Runs a coroutine to its end on the calling thread and returns its value.
template <class T>
T await(base::Awaitable<T> work) {
  base::asio::io_context context;
  std::optional<T> value;
  std::exception_ptr failure;
  base::asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T result) {
    failure = error;
    if (!error) value.emplace(std::move(result));
  });
  context.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(*value);
}

}  // namespace autotuner::test
