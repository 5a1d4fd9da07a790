#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "models/for_each.hpp"

namespace millwright::models {

ForEach for_each_on_threads(std::size_t threads) {
  return [threads](std::size_t count, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> running;
    for (std::size_t t = 0; t < std::min(std::max<std::size_t>(threads, 1), count); ++t) {
      running.emplace_back([&] {
        for (std::size_t i = next++; i < count; i = next++) work(i);
      });
    }
  };
}

}  // namespace millwright::models
