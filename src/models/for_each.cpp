#include "models/for_each.hpp"

namespace millwright::models {

ForEach for_each_in_order() {
  return [](std::size_t count, const std::function<void(std::size_t)>& work) {
    for (std::size_t i = 0; i < count; ++i) work(i);
  };
}

}  // namespace millwright::models
