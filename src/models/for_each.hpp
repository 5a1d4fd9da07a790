// Port: independent pieces of work side by side. Training is split into such pieces; which thread
// runs which piece changes no result.
#pragma once

#include <cstddef>
#include <functional>

namespace millwright::models {

/// Runs `work(0) … work(count − 1)`, each once, and returns when all are done.
using ForEach =
    std::function<void(std::size_t count, const std::function<void(std::size_t index)>& work)>;

/// One after the other, on the calling thread.
ForEach for_each_in_order();
/// On `threads` threads that live as long as the call. (for_each_thread_adapter.cpp)
ForEach for_each_on_threads(std::size_t threads);

}  // namespace millwright::models
