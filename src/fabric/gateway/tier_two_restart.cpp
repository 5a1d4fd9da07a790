// Tier 2 across restarts: checkpoint, inputs fed again, and what of the journal is to be compared.
#include <algorithm>

#include "base/format.hpp"
#include "fabric/gateway/tier_two.hpp"

namespace millwright::gateway {

using ontology::Row;

namespace {
constexpr std::string_view bundle_prefix = "model.";
}

Result<std::unique_ptr<TierTwo>> TierTwo::open(engine::World world, TierTwoOptions options,
                                               Scorer& scorer, TierTwoLink& link) {
  std::unique_ptr<TierTwo> out(new TierTwo(world, std::move(options), scorer, link));
  // A dropped value could not be compared after a restart: edges wait instead.
  out->options_.journal.full_rule = custody::FullRule::refuse;
  if (auto done = world.disk.make_directories(out->options_.directory); !done)
    return pass(std::move(done));
  auto journal = custody::Journal::open(world.disk, world.random, world.log, out->options_.journal);
  if (!journal) return pass(std::move(journal), "tier 2");
  out->journal_ = std::move(*journal);
  if (auto done = out->recover(); !done) return pass(std::move(done), "tier 2");
  out->sender_ = std::make_unique<custody::Sender>(*out->journal_, link, out->options_.gateway,
                                                   out->options_.sender);
  // From here on all lives of the journal before this one lie behind the output position.
  out->commit();
  return out;
}

Result<std::optional<Checkpoint>> TierTwo::load_checkpoint() {
  std::optional<Checkpoint> none;
  auto exists = world_.disk.exists(checkpoint_path());
  if (!exists) return pass(std::move(exists));
  if (!*exists) return none;
  auto content = engine::read_whole(world_.disk, checkpoint_path());
  if (!content) return pass(std::move(content));
  auto checkpoint = decode_checkpoint(*content, checkpoint_path());
  if (checkpoint) return std::optional(std::move(*checkpoint));
  if (checkpoint.error().code() != Code::corrupt) return pass(std::move(checkpoint));
  world_.log.error("gateway", checkpoint.error().text() +
                                  "; it is set aside as .unreadable, and tier 2 begins anew where "
                                  "its edges are; check the disk");
  if (auto done = world_.disk.rename(checkpoint_path(), checkpoint_path() + ".unreadable"); !done)
    return pass(std::move(done));
  return none;
}

void TierTwo::restore_scorer(const Checkpoint& checkpoint) {
  for (const auto& digest : checkpoint.active) {
    auto bundle = engine::read_whole(world_.disk, bundle_path(digest));
    Result<void> done = bundle ? Result<void>{} : Result<void>(pass(std::move(bundle)));
    if (done && sha256(*bundle).hex() != digest)
      done = fail(Code::corrupt, bundle_path(digest) + " is not what its digest says");
    if (done) done = scorer_.activate(digest, *bundle);
    if (!done)
      world_.log.error("gateway", "tier 2: a model is not in force any more: " +
                                      done.error().text() + "; put it in force again");
  }
  for (const auto& schema : checkpoint.schemas) {
    schemas_[schema.address] = schema;
    scorer_.on_schema(schema);
  }
  if (auto done = scorer_.load(checkpoint.state); !done)
    world_.log.error("gateway", "tier 2: the scorer's state is lost: " + done.error().text() +
                                    "; what it remembers begins anew");
}

Result<void> TierTwo::feed_again(std::uint64_t generation, OutputPosition& output) {
  const std::string path = InputLog::path_of(options_.directory, generation);
  auto exists = world_.disk.exists(path);
  if (!exists) return pass(std::move(exists));
  if (!*exists) return {};
  auto bytes = engine::read_whole(world_.disk, path);
  if (!bytes) return pass(std::move(bytes));
  auto content = decode_log(*bytes, path);
  if (!content) return pass(std::move(content));
  if (content->damaged)
    world_.log.error("gateway", path +
                                    " is damaged: inputs after the damage are not fed again; "
                                    "check the disk");
  for (const LogFrame& frame : content->frames) {
    for (const LoggedInput& input : frame.inputs) {
      const auto& schema = content->devices[input.device];
      feed(schema, input.batch, {schema.address.edge, input.range.incarnation}, input.range.first,
           input.data_class, Feed::again);
    }
    for (const EdgePosition& position : frame.positions) {
      Edge& edge = edges_[position.edge];
      Position* known = edge.find(position.incarnation);
      if (known == nullptr) {
        edge.positions.push_back({position.incarnation, 0, 0});
        known = &edge.positions.back();
      }
      known->next = known->durable = position.next;
    }
    output = frame.output;
  }
  return {};
}

Result<void> TierTwo::collect_pending(const OutputPosition& output) {
  // Items before the output position come first; when nothing of its incarnation is left, they are
  // gone, and all that is left comes after it.
  custody::Cursor look = journal_->first_unreleased();
  bool known = false;
  std::vector<std::pair<custody::JournalItem, ontology::DeviceSchema>> after;
  while (true) {
    auto item = journal_->read(look);
    if (!item) return pass(std::move(item));
    if (!*item) break;
    const auto& range = (*item)->range;
    if (range.incarnation == output.incarnation) {
      if (!known) after.clear();  // those before are of older lives
      known = true;
      if (range.end() <= output.next) continue;
    }
    if ((*item)->schema == nullptr) continue;
    const ontology::DeviceSchema schema = *(*item)->schema;
    after.emplace_back(std::move(**item), schema);
  }
  for (const auto& [item, schema] : after) {
    const Row& watermark = item.batch.rows.back();
    const auto source = journal_->recipes().find(watermark.provenance);
    const bool ours = watermark.slot < schema.metrics.size() &&
                      schema.metrics[watermark.slot].name == watermark_metric &&
                      source != journal_->recipes().end();
    if (!ours) continue;
    pending_[{schema.address.device, watermark.ts_us, source->second, watermark.bits}] =
        digest_of(schema, item.batch);
  }
  return {};
}

Result<void> TierTwo::recover() {
  auto checkpoint = load_checkpoint();
  if (!checkpoint) return pass(std::move(checkpoint));
  OutputPosition output;
  if (*checkpoint) {
    generation_ = (*checkpoint)->generation;
    output = (*checkpoint)->output;
    for (const EdgePosition& position : (*checkpoint)->positions)
      edges_[position.edge].positions.push_back(
          {position.incarnation, position.next, position.next});
    pending_ = std::move((*checkpoint)->pending);
    restore_scorer(**checkpoint);
    if (auto done = feed_again(generation_, output); !done) return done;
  }
  output_durable_ = output;
  return collect_pending(output);
}

Result<void> TierTwo::write_checkpoint(const OutputPosition& output) {
  Checkpoint checkpoint;
  // A number is used once, also when its file may or may not have come into being.
  checkpoint.generation = ++generation_;
  for (const auto& [id, edge] : edges_) {
    for (const Position& position : edge.positions)
      checkpoint.positions.push_back({id, position.incarnation, position.next});
  }
  checkpoint.output = output;
  checkpoint.active = scorer_.active();
  for (const auto& [address, schema] : schemas_) checkpoint.schemas.push_back(schema);
  scorer_.save(checkpoint.state);
  checkpoint.pending = pending_;
  Bytes bytes;
  encode(checkpoint, bytes);
  checkpoint_due_ = true;
  if (auto done = engine::replace_whole(world_.disk, checkpoint_path(), bytes); !done)
    return pass(std::move(done));
  checkpoint_due_ = activating_ = false;
  log_.begin(generation_);
  log_.remove_others();
  remove_bundles();
  return {};
}

Result<void> TierTwo::activate(std::string_view digest, ByteView bundle) {
  if (sha256(bundle).hex() != digest)
    return fail(Code::invalid_input, fmt::format("the bundle is not that of digest {}", digest),
                "fetch it again");
  // Everything before is derived by the models so far, and durably so where the disk is well.
  commit();
  if (failing_)
    return fail(Code::unavailable, "the disk of tier 2 takes nothing", "try again later");
  if (auto done = engine::replace_whole(world_.disk, bundle_path(digest), bundle); !done)
    return pass(std::move(done), "storing a model");
  if (auto done = scorer_.activate(digest, bundle); !done) {
    remove_bundles();
    return done;
  }
  checkpoint_due_ = activating_ = true;
  commit();
  world_.log.info("gateway", fmt::format("tier 2: model {} is in force", digest));
  return {};
}

void TierTwo::remove_bundles() const {
  auto names = world_.disk.list(options_.directory);
  if (!names) return;
  const auto active = scorer_.active();
  for (const auto& name : *names) {
    if (!name.starts_with(bundle_prefix) ||
        std::ranges::contains(active, name.substr(bundle_prefix.size())))
      continue;
    (void)world_.disk.remove(options_.directory + "/" + name);
  }
}

}  // namespace millwright::gateway
