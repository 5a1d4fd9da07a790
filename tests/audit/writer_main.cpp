// Appends to an audit log in groups until it is killed, and says after each commit how many entries
// are acknowledged.
//
//   audit_writer FOLDER SEED
#include <cstdio>
#include <string>

#include "base/format.hpp"
#include "engine/disk.hpp"
#include "governance/audit_rig.hpp"

int main(int argc, char** argv) {
  using namespace millwright;
  using namespace millwright::governance;
  if (argc != 3) return 2;
  sim::SimRandom random(std::stoull(argv[2]));
  auto disk = engine::open_posix_disk(argv[1]);
  if (!disk) return 3;
  auto log = AuditLog::open(**disk, test_key(), test_options());
  if (!log) {
    fmt::print(stderr, "{}\n", log.error().text());
    return 4;
  }
  while (true) {
    EntryIndex next = (*log)->size();
    for (std::uint64_t i = random.below(8) + 1; i > 0; --i) {
      if (!(*log)->append(test_event(next++))) return 5;
    }
    if (!(*log)->commit()) return 6;
    // One write, so that what arrives is whole lines or a torn last one.
    fmt::print("{}\n", (*log)->size());
    if (std::fflush(stdout) != 0) return 7;
  }
}
