#include "models/features.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

#include "models/matrix.hpp"

namespace millwright::models {
namespace {

using ontology::Quality;
using ontology::Reason;

FeatureSpec small_spec() {
  return {.inputs = {"a", "b"},
          .windows = {3, 5},
          .functions = {WindowFunction::last, WindowFunction::mean, WindowFunction::slope,
                        WindowFunction::deviation, WindowFunction::min, WindowFunction::max},
          .add_age = true};
}

/// A scan of two inputs at second `at`.
Result<Pushed> push(FeatureWindow& window, std::int64_t at, double a, double b,
                    Quality quality_b = Quality::good()) {
  const double values[] = {a, b};
  const Quality quality[] = {Quality::good(), quality_b};
  return window.push({.at = {at * 1'000'000}, .values = values, .quality = quality});
}

double input_a(std::int64_t i) {
  return std::sin(static_cast<double>(i)) * 10 + static_cast<double>(i);
}
double input_b(std::int64_t i) {
  return std::cos(static_cast<double>(i) * 0.7) * 3;
}

TEST(FeatureSpec, NamesItsColumnsAndReadsItsOwnText) {
  const FeatureSpec spec = small_spec();
  EXPECT_EQ(spec.width(), 23U);
  EXPECT_EQ(spec.names().size(), spec.width());
  EXPECT_EQ(spec.names()[0], "a.last");
  EXPECT_EQ(spec.names()[3], "a.std.3");
  EXPECT_EQ(spec.names().back(), "age");
  EXPECT_EQ(spec.canonical(),
            R"({"add_age":true,"functions":["last","mean","slope","std","min","max"],)"
            R"("inputs":["a","b"],"windows":[3,5]})");
  const auto parsed = catalog::parse_yaml({.file = {}, .text = spec.canonical()});
  EXPECT_EQ(FeatureSpec::parse(parsed.documents.at(0)).value(), spec);
}

TEST(FeatureSpec, AScopeIsPartOfItOnlyWhereThereIsOne) {
  FeatureSpec spec = small_spec();
  const Digest without = spec.digest();
  spec.scope = {.signal = "state", .is = {"running", "idle"}};
  EXPECT_NE(spec.digest(), without);
  EXPECT_TRUE(spec.canonical().ends_with(
      R"("while":{"is":["running","idle"],"signal":"state"},"windows":[3,5]})"))
      << spec.canonical();
  const auto parsed = catalog::parse_yaml({.file = {}, .text = spec.canonical()});
  EXPECT_EQ(FeatureSpec::parse(parsed.documents.at(0)).value(), spec);
  spec.scope = {.signal = "", .is = {"a", "a", ""}};
  EXPECT_EQ(spec.problems().size(), 3u);
  const auto cut = catalog::parse_yaml({.file = {},
                                        .text = "{inputs: [a], windows: [1], functions: [last], "
                                                "add_age: false, while: {signal: 3}}"});
  const auto refused = FeatureSpec::parse(cut.documents.at(0));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().problems().front().place.path, "while.signal");
}

TEST(FeatureSpec, TellsEveryProblem) {
  const auto parsed = catalog::parse_yaml(
      {.file = {}, .text = "{inputs: [a, a], windows: [5, 3], functions: [meen], add_age: 1}"});
  const auto spec = FeatureSpec::parse(parsed.documents.at(0));
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().text(),
            "the feature specification cannot be used (invalid_input)\n"
            "  functions[0]: unknown function 'meen'; expected one of last, mean, slope, std, min, "
            "max; did you mean 'mean'?\n"
            "  add_age: a whole number; expected true or false\n"
            "  inputs[1]: 'a' again; expected each signal once; remove the second one\n"
            "  windows[1]: 3 after 5; expected rising counts of scans; order the windows and name "
            "each once");
}

TEST(FeatureWindow, ComputesWhatItsNamesSay) {
  FeatureWindow window(small_spec());
  for (std::int64_t i = 1; i < 5; ++i) ASSERT_TRUE(push(window, i, 10, 0));
  ASSERT_TRUE(push(window, 5, 1, 0));
  ASSERT_TRUE(push(window, 6, 2, 0));
  const auto pushed = push(window, 7, 6, 0);
  ASSERT_TRUE(pushed);
  ASSERT_EQ(pushed->rows.size(), 1U);
  const FeatureRow& row = pushed->rows[0];
  EXPECT_EQ(row.values[0], 6);                      // last
  EXPECT_EQ(row.values[1], 3);                      // mean of 1 2 6
  EXPECT_EQ(row.values[2], 2.5F);                   // slope
  EXPECT_FLOAT_EQ(row.values[3], std::sqrt(7.0F));  // deviation
  EXPECT_EQ(row.values[4], 1);                      // min
  EXPECT_EQ(row.values[5], 6);                      // max
  EXPECT_EQ(row.values[6], 5.8F);                   // mean of 10 10 1 2 6
  EXPECT_EQ(row.values.back(), 7);                  // age
  EXPECT_EQ(row.confidence, 1);
}

TEST(FeatureWindow, CarriesTheLastUsableValueAndSaysSo) {
  FeatureWindow window(small_spec());
  // Nothing can be said before every input has been usable once.
  EXPECT_TRUE(push(window, 1, 1, 5, Quality::bad(Reason::failure))->rows.empty());
  EXPECT_TRUE(push(window, 2, 1, std::numeric_limits<double>::quiet_NaN())->rows.empty());
  EXPECT_EQ(push(window, 3, 1, 7)->rows.at(0).values[11], 7);
  const FeatureRow row = push(window, 4, 2, 99, Quality::bad(Reason::out_of_range))->rows.at(0);
  EXPECT_EQ(row.values[11], 7);
  EXPECT_EQ(row.missing, 1U);
  EXPECT_DOUBLE_EQ(row.confidence, 5.0 / 8);  // of 4 scans × 2 inputs, 3 were not usable
  const FeatureRow doubtful = push(window, 5, 2, 9, Quality::uncertain(Reason::stuck))->rows.at(0);
  EXPECT_EQ(doubtful.values[11], 9);
  EXPECT_EQ(doubtful.missing, 0U);
  EXPECT_DOUBLE_EQ(doubtful.confidence, 6.5 / 10);
}

/// Rows of the last features of each scan, as a consumer that keeps the newest revision has them.
std::map<std::int64_t, FeatureRow> stored(FeatureWindow& window,
                                          const std::vector<std::int64_t>& order) {
  std::map<std::int64_t, FeatureRow> out;
  for (const std::int64_t i : order) {
    const auto pushed = push(window, i, input_a(i), input_b(i));
    for (const FeatureRow& row : pushed->rows) out[row.at.us / 1'000'000] = row;
  }
  return out;
}

TEST(FeatureWindow, LateScansGiveWhatOrderedOnesWouldHaveGiven) {
  std::vector<std::int64_t> ordered;
  for (std::int64_t i = 1; i <= 40; ++i) ordered.push_back(i);
  // Within each six the first comes last: late by five scans.
  std::vector<std::int64_t> shuffled;
  for (std::int64_t i = 1; i + 5 <= 40; i += 6) {
    for (const std::int64_t next : {i + 1, i + 3, i + 2, i + 5, i + 4, i}) shuffled.push_back(next);
  }
  for (std::int64_t i = 37; i <= 40; ++i) shuffled.push_back(i);
  FeatureWindow right(small_spec());
  FeatureWindow late(small_spec());
  const auto expected = stored(right, ordered);
  const auto got = stored(late, shuffled);
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [at, row] : expected) EXPECT_EQ(got.at(at).values, row.values) << at;
  EXPECT_EQ(late.too_late(), 0U);
}

TEST(FeatureWindow, CorrectsRepeatsAndRefusesWhatIsTooLate) {
  FeatureWindow window(small_spec());
  for (std::int64_t i = 1; i <= 30; ++i) ASSERT_TRUE(push(window, i, 1, 1));
  EXPECT_EQ(push(window, 28, 1, 1)->taken, Taken::repeated);
  const auto corrected = push(window, 28, 4, 1);
  EXPECT_EQ(corrected->taken, Taken::corrected);
  ASSERT_EQ(corrected->rows.size(), 3U);
  EXPECT_EQ(corrected->rows[2].values[1], 2);  // mean of 4 1 1
  EXPECT_EQ(corrected->rows[2].values.back(), 30);
  EXPECT_EQ(push(window, 3, 1, 2)->taken, Taken::too_late);
  EXPECT_EQ(window.too_late(), 1U);
  EXPECT_EQ(window.scans(), 30U);
  const double one[] = {1.0};
  EXPECT_EQ(window.push({.at = {}, .values = one, .quality = {}}).error().code(),
            Code::invalid_input);
}

TEST(FeatureWindow, GoesOnFromASavedState) {
  FeatureWindow whole(small_spec());
  FeatureWindow first(small_spec());
  for (std::int64_t i = 1; i <= 23; ++i) {
    (void)push(whole, i, input_a(i), input_b(i));
    (void)push(first, i, input_a(i), input_b(i));
  }
  const Bytes state = first.save();
  FeatureWindow second(small_spec());
  ASSERT_TRUE(second.load(state));
  EXPECT_EQ(second.save(), state);
  for (const std::int64_t i : {24, 26, 25}) {
    const auto a = push(whole, i, input_a(i), input_b(i));
    const auto b = push(second, i, input_a(i), input_b(i));
    ASSERT_EQ(a->rows.size(), b->rows.size());
    EXPECT_EQ(a->rows.back().values, b->rows.back().values);
  }
}

TEST(FeatureWindow, RefusesAStateThatIsNotItsOwn) {
  FeatureWindow window(small_spec());
  (void)push(window, 1, 1, 1);
  Bytes state = window.save();
  FeatureSpec other = small_spec();
  other.windows = {3, 6};
  EXPECT_EQ(FeatureWindow(other).load(state).error().code(), Code::conflict);
  for (std::size_t i = 1; i < state.size(); ++i) {
    state[i] ^= std::byte{1};
    EXPECT_FALSE(window.load(state)) << "byte " << i;
    state[i] ^= std::byte{1};
  }
  state[0] = std::byte{9};
  EXPECT_EQ(window.load(state).error().code(), Code::unsupported_version);
  EXPECT_EQ(window.load({}).error().code(), Code::corrupt);
}

TEST(Matrix, IsWhatTheWindowServes) {
  Record record{.group = 4, .at = {}, .values = {}, .quality = {}};
  for (std::int64_t i = 1; i <= 12; ++i) {
    record.at.push_back({i * 1'000'000});
    record.values.push_back(input_a(i));
    record.values.push_back(input_b(i));
  }
  auto matrix = matrix_of(small_spec(), std::span(&record, 1));
  ASSERT_TRUE(matrix);
  FeatureWindow window(small_spec());
  for (std::int64_t i = 1; i <= 12; ++i) {
    const auto row = push(window, i, input_a(i), input_b(i))->rows.at(0);
    EXPECT_TRUE(std::ranges::equal(matrix->row(static_cast<std::size_t>(i - 1)), row.values));
  }
  set_remaining_scans(*matrix, 8);
  EXPECT_EQ(matrix->target, (std::vector<float>{8, 8, 8, 8, 7, 6, 5, 4, 3, 2, 1, 0}));
  EXPECT_EQ(healthy_rows(*matrix, {.share = 0.25, .rows_max = 100}),
            (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(healthy_rows(*matrix, {.share = 0.5, .rows_max = 2}), (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(matrix->problems().empty());
  const Digest before = matrix->digest();
  matrix->values[3] += 1;
  EXPECT_NE(matrix->digest(), before);
}

TEST(FeatureWindow, BeginsAnewAsIfTheScansBeforeHadNotBeen) {
  FeatureWindow window(small_spec());
  FeatureWindow fresh(small_spec());
  for (std::int64_t i = 0; i < 14; ++i) ASSERT_TRUE(push(window, i, input_a(i), input_b(i)));
  std::vector<FeatureRow> expected;
  for (std::int64_t i = 11; i < 14; ++i) {
    auto pushed = push(fresh, i, input_a(i), input_b(i));
    ASSERT_EQ(pushed->rows.size(), 1u);
    expected.push_back(pushed->rows[0]);
  }
  EXPECT_TRUE(window.begin_after({3'000'000}).empty()) << "that is forgotten already";
  EXPECT_EQ(window.scans(), 14u);
  const auto left = window.begin_after({10'999'999});
  ASSERT_EQ(left.size(), 3u);
  for (std::size_t i = 0; i < left.size(); ++i) {
    EXPECT_EQ(left[i].values, expected[i].values);
    EXPECT_EQ(left[i].confidence, expected[i].confidence);
  }
  EXPECT_EQ(window.save(), fresh.save());
  EXPECT_TRUE(window.begin_after({99'000'000}).empty());
  const auto first = push(window, 100, 5, 5, Quality::bad(Reason::failure));
  EXPECT_TRUE(first->rows.empty()) << "nothing is carried over";
  EXPECT_EQ(push(window, 101, 5, 5)->rows.at(0).values.back(), 2) << "age";
}

TEST(FeatureMatrix, RecordsOfOneGroupAreLivesOfTheirOwn) {
  const FeatureSpec spec{
      .inputs = {"a"}, .windows = {2}, .functions = {WindowFunction::mean}, .add_age = true};
  const auto record = [](std::uint32_t group, std::vector<double> values) {
    Record out{.group = group, .at = {}, .values = std::move(values), .quality = {}};
    for (std::size_t i = 0; i < out.values.size(); ++i)
      out.at.push_back({static_cast<std::int64_t>(i)});
    return out;
  };
  const std::vector records{record(1, {1, 2, 3}), record(1, {10, 20}), record(2, {5})};
  auto matrix = matrix_of(spec, records);
  ASSERT_TRUE(matrix) << matrix.error().text();
  EXPECT_EQ(matrix->values, (std::vector<float>{1, 1, 1.5, 2, 2.5, 3, 10, 1, 15, 2, 5, 1}));
  EXPECT_EQ(matrix->record, (std::vector<std::uint32_t>{0, 0, 0, 1, 1, 2}));
  EXPECT_EQ(healthy_rows(*matrix, {.share = 1, .rows_max = 2}),
            (std::vector<std::size_t>{0, 1, 3, 4, 5}));
  set_remaining_scans(*matrix, 10);
  EXPECT_EQ(matrix->target, (std::vector<float>{2, 1, 0, 1, 0, 0}));
  EXPECT_TRUE(matrix->problems().empty());
  matrix->record.pop_back();
  EXPECT_EQ(matrix->problems().size(), 1u);
}

}  // namespace
}  // namespace millwright::models
