// Journal records: whatever is read must be written back to the same bytes, or be refused.
#include <cstdint>

#include "fabric/custody/record.hpp"

namespace {
class Reader final : public millwright::custody::RecordReader {
 public:
  const millwright::custody::Columns* columns_of_device(std::uint32_t index) const override {
    return index < 4 ? &columns_ : nullptr;
  }

 private:
  millwright::custody::Columns columns_{
      millwright::ontology::Column::f64, millwright::ontology::Column::i64,
      millwright::ontology::Column::text, millwright::ontology::Column::blob};
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const millwright::ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  (void)millwright::custody::check_file_prefix(bytes, "fuzz");
  (void)millwright::custody::frame_at(bytes);
  (void)Reader().read(bytes);
  return 0;
}
