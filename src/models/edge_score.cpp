#include "models/edge_score.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/format.hpp"
#include "models/bundle.hpp"

namespace millwright::models {
namespace {

using ontology::DataType;
using ontology::Quality;
using ontology::Reason;
using pipeline::ModelValue;

constexpr std::array<std::string_view, 4> output_names = {"anomaly/t2", "anomaly/spe",
                                                          "anomaly/score", "anomaly/flag"};
constexpr std::size_t flag_output = 3;
constexpr std::uint8_t state_version = 1;

struct Loaded {
  Bundle bundle;
  std::string id;
  std::shared_ptr<ModelCounters> counters;
};

bool is_number(DataType type) {
  return type != DataType::unknown && type != DataType::datetime &&
         ontology::column_of(type) != ontology::Column::text &&
         ontology::column_of(type) != ontology::Column::blob;
}

class PcaStageModel final : public pipeline::StageModel {
 public:
  explicit PcaStageModel(std::shared_ptr<const Loaded> loaded,
                         std::shared_ptr<const Loaded> reference = nullptr)
      : loaded_(std::move(loaded)), window_(loaded_->bundle.features) {
    if (reference) reference_ = std::make_unique<PcaStageModel>(std::move(reference));
  }

  std::string id() const override { return loaded_->id; }

  Result<void> bind(std::span<const ontology::MetricDefinition> inputs,
                    std::span<const ontology::MetricDefinition> outputs) override {
    std::vector<OfferedSignal> offered;
    for (const auto& metric : inputs) {
      offered.push_back({metric.name, metric.unit, is_number(metric.datatype)});
    }
    auto matched = match_inputs(loaded_->bundle, offered, "the pipeline");
    const std::vector<std::string_view> names(output_names.begin(), output_names.end());
    std::vector<Problem> problems;
    if (matched) {
      conversions_ = std::move(*matched);
    } else {
      problems = matched.error().problems();
    }
    for (const auto& metric : outputs) {
      const auto found = std::ranges::find(output_names, metric.name);
      if (found == output_names.end()) {
        problems.push_back({.place = {.file = {}, .line = 0, .column = 0, .path = metric.name},
                            .what = "is no result of this model",
                            .expected = "anomaly/t2, anomaly/spe, anomaly/score, anomaly/flag",
                            .nearest = std::string(nearest_name(metric.name, names)),
                            .remedy = {}});
        continue;
      }
      outputs_.push_back(static_cast<std::size_t>(found - output_names.begin()));
    }
    if (problems.empty()) {
      if (reference_ && !reference_->bind(inputs, {})) reference_.reset();
      return {};
    }
    return std::unexpected(Error(Code::invalid_input, loaded_->id + " does not fit")
                               .with_problems(std::move(problems)));
  }

  Result<void> check_scope(const std::optional<ontology::StateScope>& scope) const override {
    const auto& own = loaded_->bundle.features.scope;
    if (own == scope) return {};
    const auto text = [](const std::optional<ontology::StateScope>& of) {
      return of ? "while " + of->text() : std::string("at all times");
    };
    return fail(Code::refused,
                fmt::format("{} was trained to judge {}, and is to judge {}", loaded_->id,
                            text(own), text(scope)),
                "train it anew from its Model resource");
  }

  void score(Timestamp at, std::span<const ModelValue> inputs,
             std::span<ModelValue> outputs) override {
    const Verdict verdict = judge(at, inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      outputs[i] = {verdict.values[outputs_[i]], verdict.has_value, verdict.quality};
    }
  }

  bool holds_state() const override { return true; }
  void reset() override {
    window_ = FeatureWindow(loaded_->bundle.features);
    last_.reset();
    if (reference_) reference_->reset();
  }
  void begin_after(Timestamp at) override {
    (void)window_.begin_after(at);  // verdicts given before are not given again
    if (reference_) reference_->begin_after(at);
    if (last_ && last_->at <= at) last_.reset();
  }
  void save(ByteWriter& out) const override {
    out.u8(state_version);
    out.block(window_.save());
    out.u8(last_ ? 1 : 0);
    if (!last_) return;
    out.i64(last_->at.us);
    for (const double value : last_->values) out.f64(value);
    out.u8(last_->has_value ? 1 : 0);
    out.u16(last_->quality.code);
  }
  bool load(ByteReader& in) override {
    reset();
    if (in.u8() != state_version) return false;
    const auto window = in.block();
    if (!in.ok() || !window_.load(window)) return false;
    if (in.u8() != 0) {
      Verdict last;
      last.at = {in.i64()};
      for (double& value : last.values) value = in.f64();
      last.has_value = in.u8() != 0;
      last.quality.code = in.u16();
      last_ = last;
    }
    return in.ok();
  }

 private:
  struct Verdict {
    Timestamp at;
    std::array<double, output_names.size()> values{};
    bool has_value = false;
    Quality quality;
  };

  Verdict judge(Timestamp at, std::span<const ModelValue> inputs) {
    values_.clear();
    qualities_.clear();
    bool any_usable = false;
    for (const InputConversion& conversion : conversions_) {
      const ModelValue& input = inputs[conversion.signal];
      const bool usable = input.has_value && !input.quality.is_bad();
      any_usable = any_usable || usable;
      values_.push_back(input.value * conversion.factor + conversion.offset);
      qualities_.push_back(usable ? input.quality : Quality::bad(Reason::missing));
    }
    auto pushed = window_.push({.at = at, .values = values_, .quality = qualities_});
    MILLWRIGHT_ASSERT(pushed.has_value());
    if (pushed->taken == Taken::repeated && last_ && last_->at == at) return *last_;
    const Verdict verdict = verdict_of(at, *pushed, any_usable);
    if (reference_) compare(at, inputs, verdict.has_value);
    if (!last_ || last_->at <= at) last_ = verdict;
    return verdict;
  }

  /// What the version before says of the same scan; its window sees each.
  void compare(Timestamp at, std::span<const ModelValue> inputs, bool is_counted) {
    const Verdict before = reference_->judge(at, inputs);
    auto& counters = *loaded_->counters;
    if (is_counted && before.has_value && counters.reference_scored < edge_reference_scans) {
      ++counters.reference_scored;
      if (before.values[flag_output] != 0) ++counters.reference_flagged;
    }
    if (counters.reference_scored >= edge_reference_scans) reference_.reset();
  }

  Verdict verdict_of(Timestamp at, const Pushed& pushed, bool any_usable) const {
    Verdict out{.at = at, .values = {}, .has_value = false, .quality = Quality::good()};
    if (pushed.taken == Taken::too_late || pushed.taken == Taken::repeated) {
      out.quality = Quality::bad(Reason::incomplete_window);
      return out;
    }
    if (!any_usable || pushed.rows.empty() || pushed.rows.front().at != at) {
      out.quality = Quality::bad(Reason::bad_input);
      return out;
    }
    const FeatureRow& row = pushed.rows.front();
    const PcaScore score = loaded_->bundle.pca->score(row.values);
    out.values = {score.t2, score.spe, score.score, score.flag ? 1.0 : 0.0};
    out.has_value = true;
    ++loaded_->counters->scored;
    if (score.flag) ++loaded_->counters->flagged;
    const std::uint64_t number = window_.scans() - (pushed.rows.size() - 1);
    if (row.confidence < 1) {
      out.quality = Quality::uncertain(Reason::bad_input);
    } else if (number < loaded_->bundle.features.longest_window()) {
      out.quality = Quality::uncertain(Reason::incomplete_window);
    }
    return out;
  }

  std::shared_ptr<const Loaded> loaded_;
  std::unique_ptr<PcaStageModel> reference_;  ///< of the version before, while it is compared
  FeatureWindow window_;
  std::vector<InputConversion> conversions_;
  std::vector<std::size_t> outputs_;  ///< which result each output is
  std::optional<Verdict> last_;       ///< of the newest scan
  std::vector<double> values_;        // of one call
  std::vector<Quality> qualities_;
};

/// Null: there is none, or none that an edge scores.
std::shared_ptr<const Loaded> reference_of(ByteView bundle) {
  auto decoded = decode_bundle(bundle);
  if (!decoded || decoded->kind != ModelKind::pca) return nullptr;
  return std::make_shared<const Loaded>(std::move(*decoded), std::string(),
                                        std::make_shared<ModelCounters>());
}

class WithdrawnModel final : public pipeline::StageModel {
 public:
  std::string id() const override { return {}; }
  Result<void> bind(std::span<const ontology::MetricDefinition>,
                    std::span<const ontology::MetricDefinition>) override {
    return {};
  }
  void score(Timestamp, std::span<const ModelValue>, std::span<ModelValue> outputs) override {
    std::ranges::fill(outputs, ModelValue{0, false, Quality::bad(Reason::function_check)});
  }
};

}  // namespace

Result<pipeline::StageModelFactory> edge_score_factory(ByteView bundle,
                                                       std::shared_ptr<ModelCounters> counters,
                                                       ByteView reference) {
  auto decoded = decode_bundle(bundle);
  if (!decoded) return pass(std::move(decoded), "reading a model bundle");
  if (decoded->kind != ModelKind::pca) {
    return fail(Code::invalid_input,
                fmt::format("model {} is of kind {}, which an edge does not score", decoded->name,
                            kind_name(decoded->kind)),
                "release it to a gateway");
  }
  auto id = version_text(decoded->name, decoded->version, bundle_digest(bundle));
  if (!counters) counters = std::make_shared<ModelCounters>();
  counters->model = id;
  auto loaded =
      std::make_shared<const Loaded>(std::move(*decoded), std::move(id), std::move(counters));
  return [loaded,
          before = reference_of(reference)]() -> Result<std::unique_ptr<pipeline::StageModel>> {
    return std::make_unique<PcaStageModel>(loaded, before);
  };
}

pipeline::StageModelFactory withdrawn_model() {
  return []() -> Result<std::unique_ptr<pipeline::StageModel>> {
    return std::make_unique<WithdrawnModel>();
  };
}

}  // namespace millwright::models
