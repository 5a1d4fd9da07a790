// Opening: the manifest, the log generations that are not sealed yet, the last values.
#include <algorithm>
#include <map>

#include "base/format.hpp"
#include "fabric/historian/core.hpp"
#include "fabric/historian/replay.hpp"

namespace millwright::historian {
namespace {

/// The start record tells how much of the generation before counts.
std::optional<StartRecord> start_of(const LogFile& file) {
  const FrameScan scan = scan_frames(file.content, file.salt);
  if (scan.frames.empty() ||
      scan.frames.front().kind != static_cast<std::uint32_t>(LogRecord::start)) {
    return std::nullopt;
  }
  auto record = decode_start(scan.frames.front().payload);
  return record ? std::optional(*record) : std::nullopt;
}

Result<std::vector<LogFile>> load_logs(engine::Disk& disk, const std::string& directory,
                                       std::uint64_t sealed_through, std::vector<Damage>& damages) {
  auto names = disk.list(directory);
  if (!names) return pass(std::move(names), "historian log");
  std::vector<LogFile> files;
  for (const auto& name : *names) {
    const auto generation = log_generation(name);
    if (generation && *generation > sealed_through) {
      files.push_back({*generation, directory + "/" + name, {}, 0});
    }
  }
  std::ranges::sort(files, {}, &LogFile::generation);
  for (std::size_t i = 0; i < files.size();) {
    auto content = engine::read_whole(disk, files[i].name);
    if (!content) return pass(std::move(content), "historian log");
    files[i].content = std::move(*content);
    auto salt = decode_file_header(files[i].content, FileType::log, files[i].name);
    if (salt) {
      files[i++].salt = *salt;
      continue;
    }
    if (salt.error().code() == Code::unsupported_version) return std::unexpected(salt.error());
    if (i + 1 != files.size() || files[i].content.size() > 2 * file_header_size + 64) {
      damages.push_back({{files[i].name, 0, 0, "byte 0"},
                         "both copies of the file header are damaged; the generation is left out",
                         "restore this file from a backup before anything is sealed"});
    }
    files.erase(files.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return files;
}

}  // namespace

Damage damage_at(const std::string& file, std::uint64_t offset, std::string what,
                 std::string remedy) {
  return {{file, 0, 0, fmt::format("byte {}", offset)}, std::move(what), std::move(remedy)};
}

Historian::Historian(std::shared_ptr<Core> core) : core_(std::move(core)) {}
Historian::~Historian() = default;

Result<std::unique_ptr<Historian>> Historian::open(Options options, engine::Disk& disk,
                                                   engine::SegmentStore& store, const Clock& clock,
                                                   Log& log, engine::Executor& owner,
                                                   engine::Executor& lane) {
  auto core = std::make_shared<Core>(std::move(options), disk, store, clock, log, owner, lane);
  if (auto done = core->open(); !done) return pass(std::move(done), "opening the historian");
  return std::unique_ptr<Historian>(new Historian(std::move(core)));
}

Result<void> Historian::Core::open() {
  for (const auto* name : {"", "/log", "/segments"}) {
    const std::string directory = options.directory + name;
    if (auto done = disk.make_directories(directory); !done) return done;
  }
  if (auto done = disk.sync_directory(options.directory); !done) return done;
  std::vector<ManifestRecord> records;
  auto loaded = ManifestFile::load(disk, options.directory, records, damages);
  if (!loaded) return pass(std::move(loaded));
  manifest = std::move(*loaded);
  if (auto done = take_manifest(records); !done) return done;
  if (auto done = lane->prepare(); !done) return done;
  if (auto done = restore_last_values(); !done) return done;
  if (auto done = replay_log(); !done) return done;
  if (manifest->needs_rewrite()) {
    if (auto done = manifest->append({}, [this] { return manifest_content(); }); !done) return done;
  }
  remove_leftovers();
  publish_dictionaries();
  for (const auto& damage : damages) {
    log.error("historian",
              fmt::format("{}: {}; {}", damage.place.text(), damage.what, damage.remedy));
  }
  last_seal = clock.monotonic_now();
  return {};
}

Result<void> Historian::Core::take_manifest(const std::vector<ManifestRecord>& records) {
  std::map<std::uint64_t, Segment> present;
  for (const auto& record : records) {
    Result<void> done;
    if (const auto* site = std::get_if<SiteRecord>(&record)) {
      done = series.take(*site);
    } else if (const auto* defined = std::get_if<SeriesRecord>(&record)) {
      done = series.take(*defined);
    } else if (const auto* recipe = std::get_if<ProvenanceRecord>(&record)) {
      provenances.push_back(recipe->canonical);
      provenance_numbers.emplace(recipe->canonical, recipe->number);
    } else if (const auto* producer = std::get_if<ProducerRecord>(&record)) {
      done = accounts.take(*producer);
    } else if (const auto* edition = std::get_if<EditionRecord>(&record)) {
      sealed_through = std::max(sealed_through, edition->sealed_through);
      sealed_revision = std::max(sealed_revision, edition->revision);
      next_segment = std::max(next_segment, edition->next_segment);
      for (const Segment& segment : edition->added) present.emplace(segment.id, segment);
      for (const std::uint64_t id : edition->removed) present.erase(id);
      for (const auto& update : edition->accounts) accounts.take(update);
    }
    if (!done) return pass(std::move(done), path("manifest"));
  }
  for (auto& [id, segment] : present) segments.push_back(std::move(segment));
  revision = sealed_revision;
  return {};
}

Result<void> Historian::Core::replay_log() {
  auto files = load_logs(disk, path("log"), sealed_through, damages);
  if (!files) return pass(std::move(files));
  current.generation = sealed_through;
  Replay replay(accounts, revision, damages);
  for (std::size_t i = 0; i < files->size(); ++i) {
    const LogFile& file = (*files)[i];
    const auto next = i + 1 < files->size() ? start_of((*files)[i + 1]) : std::nullopt;
    LogExtent extent = extent_of(file, !next);
    if (next && next->previous_generation == file.generation) {
      // Bytes behind it belong to a commit that failed: they were never acknowledged.
      extent.length = std::min(extent.length, next->previous_length);
    }
    if (extent.is_torn) {
      log.info("historian", fmt::format("{}: a torn write behind byte {} is left out", file.name,
                                        extent.length));
    }
    ReplayedRows rows = replay.take(file, extent);
    for (const auto& chunk : rows.chunks) note_last(*chunk);
    current.generation = file.generation;
    current.length = extent.length;
    if (rows.rows > 0) {
      hot.push_back({file.generation, std::move(rows.chunks), rows.rows, file.content.size()});
    }
  }
  tell_replayed();
  return start_generation();
}

void Historian::Core::tell_replayed() {
  if (!options.on_committed || hot.empty()) return;
  std::vector<HotChunk> chunks;
  for (const HotGeneration& generation : hot)
    chunks.insert(chunks.end(), generation.chunks.begin(), generation.chunks.end());
  owner.post([self = weak_from_this(), chunks = std::move(chunks)] {
    const auto alive = self.lock();
    for (const HotChunk& chunk : chunks) {
      if (alive) alive->options.on_committed(*chunk);
    }
  });
}

Result<void> Historian::Core::restore_last_values() {
  auto present = disk.exists(path("last-values"));
  if (!present) return pass(std::move(present));
  if (segments.empty()) return {};
  Result<void> taken = fail(Code::not_found, "no checkpoint of last values");
  if (*present) {
    auto content = engine::read_whole(disk, path("last-values"));
    if (!content) return pass(std::move(content));
    std::uint64_t through = 0;
    taken = decode_last_values(*content, through);
    if (taken && through < sealed_through) taken = fail(Code::not_found, "it is older than a seal");
  }
  if (taken) return {};
  log.warning("historian", "last values are read from the segments: " + taken.error().text());
  for (auto& state : series.all()) state.has_last = false;
  for (const Segment& segment : segments) {
    auto rows = lane->read(Snapshot{UINT64_MAX, {segment}, {}}, {});
    if (!rows) {
      damages.push_back(
          {{path(segment.path), 0, 0, ""}, rows.error().message(), rows.error().remedy()});
      continue;
    }
    note_last(*rows);
  }
  return {};
}

void Historian::Core::remove_leftovers() {
  std::set<std::string> known;
  for (const Segment& segment : segments) {
    known.insert(path(segment.path));
  }
  const auto sweep = [&](const std::string& directory, auto&& is_leftover) {
    const auto names = disk.list(directory);
    if (!names) return;
    for (const auto& name : *names) {
      const std::string file = directory + "/" + name;
      if (is_leftover(name, file)) (void)disk.remove(file);
    }
  };
  const auto sites = disk.list(path("segments"));
  for (const auto& site : sites.value_or(std::vector<std::string>{})) {
    const auto days = disk.list(path("segments/" + site));
    for (const auto& day : days.value_or(std::vector<std::string>{})) {
      sweep(path("segments/" + site + "/" + day),
            [&](const std::string&, const std::string& file) { return !known.contains(file); });
    }
  }
  sweep(path("log"), [&](const std::string& name, const std::string&) {
    const auto generation = log_generation(name);
    return generation && *generation <= sealed_through;
  });
}

void Historian::Core::publish_dictionaries() {
  engine::Table new_series{{{"series", ""},
                            {"site", ""},
                            {"edge", ""},
                            {"device", ""},
                            {"metric", ""},
                            {"datatype", ""},
                            {"unit", ""}},
                           {},
                           {},
                           false};
  engine::Table new_producers{
      {{"number", ""}, {"site", ""}, {"edge", ""}, {"incarnation", ""}, {"custody", ""}},
      {},
      {},
      false};
  engine::Table new_recipes{{{"number", ""}, {"recipe", ""}}, {}, {}, false};
  const bool at_open = fresh.empty();
  std::vector<ManifestRecord> all;
  if (at_open) all = manifest_content();
  for (const auto& record : at_open ? all : fresh) {
    if (const auto* defined = std::get_if<SeriesRecord>(&record)) {
      for (const auto& s : defined->series) {
        new_series.rows.push_back(
            {s.number.value(), s.address.site, s.address.edge, s.address.device, s.metric.name,
             std::string(ontology::name_of(s.metric.datatype)), s.metric.unit});
      }
    } else if (const auto* recipe = std::get_if<ProvenanceRecord>(&record)) {
      new_recipes.rows.push_back({std::uint64_t{recipe->number}, recipe->canonical});
    } else if (const auto* p = std::get_if<ProducerRecord>(&record)) {
      new_producers.rows.push_back(
          {std::uint64_t{p->number}, p->producer.site, p->producer.edge, p->incarnation,
           std::string(p->custody == Custody::acknowledged ? "acknowledged" : "best_effort")});
    }
  }
  lane_executor.post([state = lane, s = std::move(new_series), p = std::move(new_producers),
                      r = std::move(new_recipes)] {
    if (!s.rows.empty()) state->insert_series(s);
    if (!p.rows.empty()) state->insert("producer_dictionary", p, false);
    if (!r.rows.empty()) state->insert("provenance_dictionary", r, false);
  });
}

}  // namespace millwright::historian
