// Durable entries a second, in groups: every group is one commit on the real disk of this machine.
#include <benchmark/benchmark.h>

#include <filesystem>

#include "base/format.hpp"
#include "governance/audit_log.hpp"
#include "governance/audit_verify.hpp"

namespace {

using namespace millwright;
using namespace millwright::governance;

const SecretKey bench_key = SecretKey::from_seed({});

AuditOptions options() {
  AuditOptions out;
  out.origin = "millwright/bench/audit";
  return out;
}

Event bench_event(std::int64_t number) {
  Event event;
  event.kind = "work_order.verdict";
  event.subject = fmt::format("work-order/wo-{:06}", number);
  event.actor = "person/anna";
  event.at = Timestamp{1'767'571'200'000'000 + number};
  event.body.add("outcome", catalog::Node::make_text("confirmed"));
  event.body.add("note", catalog::Node::make_text("bearing at the drive end was worn, replaced"));
  return event;
}

class Folder {
 public:
  // Beside the program, not in a folder that may be memory.
  Folder() : path_(std::filesystem::current_path() / "audit_bench.tmp") {
    std::filesystem::remove_all(path_);
    disk_ = engine::open_posix_disk(path_.string()).value();
  }
  ~Folder() {
    disk_.reset();
    std::filesystem::remove_all(path_);
  }
  engine::Disk& disk() { return *disk_; }

 private:
  std::filesystem::path path_;
  std::unique_ptr<engine::Disk> disk_;
};

void append_durable(benchmark::State& state) {
  Folder folder;
  auto log = AuditLog::open(folder.disk(), bench_key, options()).value();
  std::int64_t number = 0;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      if (!log->append(bench_event(number++))) state.SkipWithError("append failed");
    }
    if (!log->commit()) state.SkipWithError("commit failed");
  }
  state.SetItemsProcessed(number);
}
BENCHMARK(append_durable)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime();

void verify_whole(benchmark::State& state) {
  Folder folder;
  {
    auto log = AuditLog::open(folder.disk(), bench_key, options()).value();
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      (void)log->append(bench_event(i));
      if (i % 10 == 9) (void)log->commit();
    }
    (void)log->commit();
  }
  const VerifyOptions verify{"audit", {options().origin, bench_key.public_key()}, std::nullopt};
  for (auto _ : state) {
    if (!verify_audit(folder.disk(), verify).value().sound()) state.SkipWithError("not sound");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(verify_whole)->Arg(10'000)->UseRealTime()->Unit(benchmark::kMillisecond);

void open_log(benchmark::State& state) {
  Folder folder;
  {
    auto log = AuditLog::open(folder.disk(), bench_key, options()).value();
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      (void)log->append(bench_event(i));
      if (i % 10 == 9) (void)log->commit();
    }
    (void)log->commit();
  }
  for (auto _ : state)
    benchmark::DoNotOptimize(AuditLog::open(folder.disk(), bench_key, options()));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(open_log)->Arg(10'000)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
