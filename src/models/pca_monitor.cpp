#include "models/pca_monitor.hpp"

#include <algorithm>
#include <cmath>

namespace millwright::models {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::uint32_t inputs_max = 4096;

void write_floats(ByteWriter& writer, std::span<const float> values) {
  for (const float value : values) writer.u32(std::bit_cast<std::uint32_t>(value));
}

std::vector<float> read_floats(ByteReader& reader, std::size_t count) {
  std::vector<float> out;
  if (count > reader.left() / 4) {
    reader.invalidate();
    return out;
  }
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) out.push_back(std::bit_cast<float>(reader.u32()));
  return out;
}

bool all_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float v) { return std::isfinite(v); });
}

bool all_positive(std::span<const float> values) {
  return std::ranges::all_of(values, [](float v) { return v > 0; });
}

bool is_limit(double value) {
  return std::isfinite(value) && value > 0;
}

}  // namespace

PcaScore PcaMonitor::score(std::span<const float> row) const {
  MILLWRIGHT_ASSERT(row.size() == inputs);
  const auto standard = [&](std::size_t i) {
    return (static_cast<double>(row[i]) - static_cast<double>(mean[i])) *
           static_cast<double>(scale[i]);
  };
  PcaScore out;
  double length = 0;
  for (std::size_t i = 0; i < inputs; ++i) length += standard(i) * standard(i);
  double inside = 0;
  for (std::size_t c = 0; c < components; ++c) {
    const float* loading = loadings.data() + c * inputs;
    double along = 0;
    for (std::size_t i = 0; i < inputs; ++i) along += standard(i) * static_cast<double>(loading[i]);
    out.t2 += along * along / static_cast<double>(variance[c]);
    inside += along * along;
  }
  // Loadings are orthonormal, so what is not along them is the rest of the length.
  out.spe = std::max(0.0, length - inside);
  const double ratio = std::max(out.t2 / t2_limit, out.spe / spe_limit);
  out.score = std::isfinite(ratio) ? ratio / (1 + ratio) : 1;
  out.flag = !(ratio <= 1);
  return out;
}

void PcaMonitor::spe_by_input(std::span<const float> row, std::span<double> out) const {
  MILLWRIGHT_ASSERT(row.size() == inputs && out.size() == inputs);
  for (std::size_t i = 0; i < inputs; ++i) {
    out[i] = (static_cast<double>(row[i]) - static_cast<double>(mean[i])) *
             static_cast<double>(scale[i]);
  }
  // Modified Gram-Schmidt: takes one component after the other out of the residual.
  for (std::size_t c = 0; c < components; ++c) {
    const float* loading = loadings.data() + c * inputs;
    double along = 0;
    for (std::size_t i = 0; i < inputs; ++i) along += out[i] * static_cast<double>(loading[i]);
    for (std::size_t i = 0; i < inputs; ++i) out[i] -= along * static_cast<double>(loading[i]);
  }
  for (double& part : out) part *= part;
}

Bytes encode(const PcaMonitor& monitor) {
  Bytes out;
  ByteWriter writer(out);
  writer.u8(format_version);
  writer.varint(monitor.inputs);
  writer.varint(monitor.components);
  write_floats(writer, monitor.mean);
  write_floats(writer, monitor.scale);
  write_floats(writer, monitor.loadings);
  write_floats(writer, monitor.variance);
  writer.f64(monitor.t2_limit);
  writer.f64(monitor.spe_limit);
  writer.f64(monitor.alpha);
  writer.varint(monitor.fitted_rows);
  return out;
}

Result<PcaMonitor> decode_pca(ByteView bytes) {
  ByteReader reader(bytes);
  if (const std::uint8_t version = reader.u8(); version > format_version) {
    return fail(Code::unsupported_version, "a PCA monitor written by a newer program");
  }
  const std::uint64_t inputs = reader.varint();
  const std::uint64_t components = reader.varint();
  if (!reader.ok() || inputs == 0 || inputs > inputs_max || components == 0 ||
      components > inputs) {
    return fail(Code::corrupt, "a PCA monitor has an impossible shape");
  }
  PcaMonitor out;
  out.inputs = static_cast<std::uint32_t>(inputs);
  out.components = static_cast<std::uint32_t>(components);
  out.mean = read_floats(reader, inputs);
  out.scale = read_floats(reader, inputs);
  out.loadings = read_floats(reader, inputs * components);
  out.variance = read_floats(reader, components);
  out.t2_limit = reader.f64();
  out.spe_limit = reader.f64();
  out.alpha = reader.f64();
  out.fitted_rows = reader.varint();
  if (!reader.ok() || !reader.at_end()) return fail(Code::corrupt, "a PCA monitor is cut");
  const bool numbers_good = all_finite(out.mean) && all_finite(out.scale) &&
                            all_finite(out.loadings) && all_finite(out.variance) &&
                            all_positive(out.variance) && is_limit(out.t2_limit) &&
                            is_limit(out.spe_limit) && std::isfinite(out.alpha);
  if (!numbers_good) return fail(Code::corrupt, "a PCA monitor holds impossible numbers");
  return out;
}

}  // namespace millwright::models
