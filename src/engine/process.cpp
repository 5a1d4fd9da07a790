#include "engine/process.hpp"

namespace millwright::engine {

Result<ExitStatus> stop_process(Process& process, Duration grace) {
  // A process that ended by itself refuses the signal; its status tells how.
  if (auto asked = process.signal(ProcessSignal::terminate);
      !asked && asked.error().code() != Code::not_found) {
    return pass(std::move(asked));
  }
  auto ended = process.wait(grace);
  if (!ended) return pass(std::move(ended));
  if (*ended) return **ended;
  if (auto killed = process.signal(ProcessSignal::kill);
      !killed && killed.error().code() != Code::not_found) {
    return pass(std::move(killed));
  }
  ended = process.wait(std::chrono::seconds(10));
  if (!ended) return pass(std::move(ended));
  if (!*ended) return fail(Code::timeout, "a killed process does not end");
  return **ended;
}

}  // namespace millwright::engine
