#include <zlib.h>

#include <algorithm>
#include <limits>

#include "wire/sparkplug/compression.hpp"

namespace millwright::sparkplug {
namespace {

constexpr int window_bits = 15;
constexpr int gzip_bits = 16;    // added: gzip
constexpr int detect_bits = 32;  // added: zlib or gzip by their head
constexpr std::size_t step = 64u << 10;

Bytef* raw(std::byte* bytes) {
  return reinterpret_cast<Bytef*>(bytes);
}
// zlib takes input by a pointer to non-const and does not write there.
Bytef* raw(const std::byte* bytes) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes));
}

/// Runs `advance` until the stream ends; grows `out` step by step up to `size_max`.
template <typename Advance>
int run(z_stream& stream, Bytes& out, std::size_t size_max, Advance advance) {
  const std::size_t start = out.size();
  int status = Z_OK;
  while (status == Z_OK) {
    const std::size_t made = out.size() - start;
    const std::size_t room = std::min(step, size_max - std::min(size_max, made));
    // One byte past the limit tells a stream that is too long from one that just fits.
    const std::size_t window = std::max<std::size_t>(room, 1);
    out.resize(start + made + window);
    stream.next_out = raw(out.data() + start + made);
    stream.avail_out = static_cast<uInt>(window);
    status = advance();
    out.resize(out.size() - stream.avail_out);
    if (out.size() - start > size_max) return Z_MEM_ERROR;
  }
  return status;
}

}  // namespace

Result<Bytes> inflate(ByteView bytes, std::size_t size_max) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) {
    return fail(Code::exhausted, "a compressed body is longer than 4 GiB");
  }
  z_stream stream{};
  if (inflateInit2(&stream, window_bits + detect_bits) != Z_OK) {
    return fail(Code::exhausted, "no memory to inflate a compressed body");
  }
  stream.next_in = raw(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  Bytes out;
  const int status = run(stream, out, size_max, [&] { return ::inflate(&stream, Z_NO_FLUSH); });
  inflateEnd(&stream);
  if (status == Z_STREAM_END) return out;
  if (status == Z_MEM_ERROR) {
    return fail(Code::exhausted, "a compressed body inflates beyond its limit");
  }
  return fail(Code::invalid_input,
              "a compressed body is neither a zlib nor a gzip stream, or is cut");
}

void deflate(ByteView bytes, Compression compression, Bytes& out) {
  if (compression == Compression::none) {
    out.insert(out.end(), bytes.begin(), bytes.end());
    return;
  }
  MILLWRIGHT_ASSERT(bytes.size() <= std::numeric_limits<uInt>::max());
  z_stream stream{};
  const int bits = window_bits + (compression == Compression::gzip ? gzip_bits : 0);
  constexpr int memory_level = 8;
  MILLWRIGHT_ASSERT(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, bits, memory_level,
                                 Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = raw(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  const int status = run(stream, out, std::numeric_limits<std::size_t>::max() / 2,
                         [&] { return ::deflate(&stream, Z_FINISH); });
  deflateEnd(&stream);
  MILLWRIGHT_ASSERT(status == Z_STREAM_END);
}

}  // namespace millwright::sparkplug
