// Any bytes as frames of the audit log, on the simulated disk: the reader ends, the walk and the
// verification refuse or accept, and frames with right checksums come back as they were written.
#include <cstdlib>

#include "governance/audit_verify.hpp"
#include "sim/disk.hpp"

using namespace millwright;
using namespace millwright::governance;

namespace {

void check(const Bytes& content, const LogKey& key) {
  sim::SimDisk disk(1);
  if (!disk.make_directories("audit")) std::abort();
  auto file = disk.open_append("audit/entries.log");
  if (!file || !(*file)->append(content)) std::abort();
  const auto verification = verify_audit(disk, {"audit", key, std::nullopt});
  // Nobody signed this with the key, so nothing in it may pass.
  if (!verification || verification->sound()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  const LogKey key{"fuzz/log", {}};
  check(Bytes(input.begin(), input.end()), key);
  Bytes framed = encode_audit_head();
  ByteReader in(input);
  std::uint64_t number = 0;
  while (in.ok() && !in.at_end()) {
    const std::uint8_t choice = in.u8();
    const auto payload = in.raw(std::min<std::uint64_t>(in.left(), in.u8()));
    const bool entry = (choice & 1) != 0;
    append_audit_frame(framed, entry ? FrameKind::entry : FrameKind::checkpoint,
                       number + (choice >= 0xF0 ? 1 : 0), as_text(payload));
    if (entry) ++number;
  }
  check(framed, key);
  return 0;
}
