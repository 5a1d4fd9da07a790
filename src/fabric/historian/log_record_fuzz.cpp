// Any bytes as a log: the scan and the decoders must neither crash nor loop, and what decodes must
// encode to something that decodes to the same.
#include <cstdlib>

#include "fabric/historian/accounts.hpp"
#include "fabric/historian/replay.hpp"

using namespace millwright;
using namespace millwright::historian;

namespace {

void check_data(ByteView input) {
  engine::SampleColumns rows;
  const auto head = decode_data(input, rows);
  if (!head) {
    if (!rows.empty() || !rows.arena.empty()) std::abort();
    return;
  }
  Bytes again;
  ByteWriter writer(again);
  encode(writer, *head, rows, 0);
  engine::SampleColumns twice;
  const auto second = decode_data(again, twice);
  if (!second || second->end() != head->end() || twice.bits.size() != rows.bits.size() ||
      twice.series != rows.series || twice.ts != rows.ts || twice.quality != rows.quality ||
      twice.provenance != rows.provenance || twice.arena != rows.arena) {
    std::abort();
  }
}

/// The input as the frames of a log whose checksums are right, so that the decoders are reached.
Bytes framed(ByteView input) {
  Bytes file = encode_file_header(FileType::log, 1);
  std::uint32_t ordinal = 0;
  ByteReader in(input);
  while (in.ok() && !in.at_end()) {
    const std::uint8_t kind = in.u8();
    const ByteView payload = in.raw(std::min<std::uint64_t>(in.left(), in.u8()));
    append_frame(file, payload, ++ordinal, kind % 6, 1);
    if (kind >= 0xF0) file.push_back(std::byte{kind});
  }
  return file;
}

void replay(Bytes content, std::uint32_t salt) {
  Accounts accounts;
  std::vector<ManifestRecord> fresh;
  accounts.add({"s", "e"}, 1, Custody::acknowledged, fresh);
  Revision revision = 0;
  std::vector<Damage> damages;
  Replay replay(accounts, revision, damages);
  const LogFile file{1, "log/00000001.log", std::move(content), salt};
  for (const bool is_newest : {true, false}) {
    (void)replay.take(file, extent_of(file, is_newest));
  }
  const Account& account = accounts.all().front();
  if (account.durable != account.stored + account.lost) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const std::byte*>(data), size);
  check_data(input);
  (void)decode_start(input);
  (void)decode_loss(input);
  (void)decode_commit(input);
  replay(framed(input), 1);
  if (const auto salt = decode_file_header(input, FileType::log, "fuzz")) {
    replay(Bytes(input.begin(), input.end()), *salt);
  }
  return 0;
}
