#pragma once

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace autotuner::base {

namespace asio = boost::asio;

template <class T>
using Awaitable = asio::awaitable<T>;

/// Runs blocking work (SQL, waiting for a process, a load run) on `pool` and resumes the caller on its own
/// executor with the value. `work` must not throw: a module's errors are values. What `work` refers to must
/// live until the caller is resumed, which holds for locals of the awaiting coroutine.
template <class Work>
Awaitable<std::invoke_result_t<Work>> run_blocking(asio::thread_pool& pool, Work work) {
  using Value = std::invoke_result_t<Work>;
  std::optional<Value> value;
  auto step = [&value, &work]() -> asio::awaitable<void> {
    value.emplace(work());
    co_return;
  };
  co_await asio::co_spawn(pool, step, asio::use_awaitable);
  co_return std::move(*value);
}

}  // namespace autotuner::base
