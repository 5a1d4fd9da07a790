// zlib behind the byte source port: gzip files, several members one after another too.
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/format.hpp"
#include "fabric/drivers/records.hpp"

namespace millwright::drivers {
namespace {

constexpr std::size_t input_bytes = 32 * 1024;
constexpr int gzip_window = 15 + 16;  // zlib.h, inflateInit2: 16 selects the gzip wrapper

class GzipBytes final : public ByteSource {
 public:
  explicit GzipBytes(std::unique_ptr<ByteSource> packed) : packed_(std::move(packed)) {}
  ~GzipBytes() override {
    if (open_) inflateEnd(&stream_);
  }

  Result<void> open() {
    if (inflateInit2(&stream_, gzip_window) != Z_OK) {
      return fail(Code::exhausted, "zlib has no memory for a gzip reader");
    }
    open_ = true;
    return {};
  }

  Result<std::size_t> read(std::span<std::byte> into) override {
    std::size_t got = 0;
    while (got < into.size()) {
      if (stream_.avail_in == 0 && !refill_done_) {
        if (auto filled = refill(); !filled) return pass(std::move(filled));
      }
      if (stream_.avail_in == 0) {
        if (in_member_) {
          return fail(Code::corrupt, "the gzip file ends in the middle", "fetch it anew");
        }
        break;
      }
      in_member_ = true;
      const auto room = std::min<std::size_t>(into.size() - got, 1U << 30);
      stream_.next_out = reinterpret_cast<Bytef*>(into.data() + got);
      stream_.avail_out = static_cast<uInt>(room);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      got += room - stream_.avail_out;
      if (status == Z_STREAM_END) {
        in_member_ = false;
        if (inflateReset(&stream_) != Z_OK) return fail(Code::internal, "zlib cannot go on");
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return fail(Code::corrupt,
                    fmt::format("the gzip data do not unpack: {}",
                                stream_.msg != nullptr ? stream_.msg : "bad data"),
                    "fetch the file anew");
      }
    }
    return got;
  }

  Result<void> seek(std::uint64_t offset) override {
    if (auto rewound = packed_->seek(0); !rewound) return rewound;
    if (inflateReset(&stream_) != Z_OK) return fail(Code::internal, "zlib cannot go on");
    stream_.avail_in = 0;
    refill_done_ = false;
    in_member_ = false;
    std::vector<std::byte> dropped(std::min<std::uint64_t>(offset, 64 * 1024));
    while (offset > 0) {
      const auto part = std::min<std::uint64_t>(offset, dropped.size());
      auto got = read(std::span(dropped).first(static_cast<std::size_t>(part)));
      if (!got) return pass(std::move(got));
      if (*got == 0) break;
      offset -= *got;
    }
    return {};
  }

 private:
  Result<void> refill() {
    auto got = packed_->read(input_);
    if (!got) return pass(std::move(got));
    refill_done_ = *got == 0;
    stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
    stream_.avail_in = static_cast<uInt>(*got);
    return {};
  }

  std::unique_ptr<ByteSource> packed_;
  std::vector<std::byte> input_ = std::vector<std::byte>(input_bytes);
  z_stream stream_{};
  bool open_ = false;
  bool refill_done_ = false;
  bool in_member_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_gzip(std::unique_ptr<ByteSource> packed) {
  auto reader = std::make_unique<GzipBytes>(std::move(packed));
  if (auto opened = reader->open(); !opened) return pass(std::move(opened));
  return reader;
}

}  // namespace millwright::drivers
