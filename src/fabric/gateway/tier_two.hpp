// Hosts a scorer at a gateway: what edges send is scored on its way up, and what is derived leaves
// as the gateway's own samples, each once, also across a crash at any point (decision 0016).
//
// Order of durability: derived values (journal), then one frame of the input log {positions, output
// position, inputs}, then acknowledgements. So an edge keeps what tier 2 has not durably used, and
// the journal keeps what a restart must compare with. A restart loads the last checkpoint, feeds
// the logged inputs again, and compares what it derives from then on with what already lies in the
// journal beyond the last frame: equal scans are dropped, different ones are revisions (DESIGN D7).
//
// Which input a scan came from: each derived device has the metric `input/watermark`, the sequence
// of the last input sample used; its recipe names producer and incarnation. The input's revision is
// that under which the hub stored it: producers are stored in sequence, so (producer, incarnation,
// sequence) fixes it (DESIGN D5).
//
// Single-threaded on the world's executor. Bounded: inputs since the last frame, the journal; what
// finds no room is not taken, and the edge sends it again. A failing disk: nothing more is taken
// and nothing acknowledged, which is said once, and tried again each second.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/world.hpp"
#include "fabric/custody/journal.hpp"
#include "fabric/custody/sender.hpp"
#include "fabric/gateway/input_log.hpp"
#include "fabric/gateway/scorer.hpp"
#include "wire/envelope/envelope.hpp"

namespace millwright::gateway {

/// Metric that each derived device has beside those of its form.
inline constexpr std::string_view watermark_metric = "input/watermark";

struct TierTwoOptions {
  std::string directory = "tier_two";
  std::string site;
  std::string gateway;
  /// `directory` is below that of tier 2.
  custody::JournalOptions journal{.directory = "tier_two/journal",
                                  .bound_bytes = 64ull * 1024 * 1024};
  custody::SenderOptions sender;
  Duration commit_interval = std::chrono::milliseconds(5);  ///< longest wait for company in a frame
  std::uint64_t commit_bytes = 256 * 1024;                  ///< or so many bytes of inputs
  std::uint64_t log_bytes_max = 4 * 1024 * 1024;  ///< then a checkpoint takes the log's place
};

struct TierTwoStatus {
  ontology::Incarnation incarnation = 0;     ///< of its own values
  std::uint64_t samples_accepted = 0;        ///< derived and on disk, this incarnation
  std::uint64_t samples_accepted_total = 0;  ///< of all lives of its journal
  std::uint64_t samples_waiting = 0;         ///< derived, not yet acknowledged by the hub
  std::uint64_t bytes_waiting = 0;
  std::uint64_t scans_derived = 0;       ///< staged by this process
  std::uint64_t scans_recomputed = 0;    ///< after a restart, equal to what was in the journal
  std::uint64_t scans_revised = 0;       ///< after a restart, different
  std::uint64_t inputs = 0;              ///< messages used
  std::uint64_t inputs_refused = 0;      ///< no room, or the disk fails; they come again
  std::uint64_t positions_jumped = 0;    ///< births beyond what tier 2 has seen
  std::uint64_t scans_undeclarable = 0;  ///< by the scorer under a device name that cannot be
  std::uint64_t scans_to_compare = 0;    ///< of the journal, not yet recomputed
  bool failing = false;                  ///< the disk
  bool drained = false;                  ///< all inputs durable, all derived values at the hub
  std::vector<std::string> active;       ///< models, by digest
};

/// The uplink, and who acknowledges edges.
class TierTwoLink : public custody::SenderLink {
 public:
  /// More of the edge's samples may be acknowledged now.
  virtual void on_used(const std::string& edge) = 0;
};

class TierTwo {
 public:
  enum class Taken : std::uint8_t { taken, duplicate, gap, refused };

  /// Opens or makes the directory and brings `scorer` to where it was. `unsupported_version`: by a
  /// newer program. A checkpoint that is damaged is said and set aside: positions then begin where
  /// edges are. `scorer` and `link` outlive it.
  static Result<std::unique_ptr<TierTwo>> open(engine::World world, TierTwoOptions options,
                                               Scorer& scorer, TierTwoLink& link);
  ~TierTwo();

  /// Commits and writes a checkpoint.
  void stop();

  // Edges. --------------------------------------------------------------------------------------

  void on_birth(const std::string& edge, const envelope::Envelope& birth);
  /// A message with its envelope, as it came; judged by tier 2's own position.
  Taken offer(const std::string& edge, const ontology::DeviceSchema& schema,
              const ontology::Batch& batch, const envelope::Envelope& envelope,
              sparkplug::DataClass data_class);
  /// What the edge may be told: `stored` at most what is durably used, `received` what is used.
  void clamp(envelope::Acknowledgement& acknowledgement) const;

  // Models. -------------------------------------------------------------------------------------

  /// Puts a model in force between two scans, durably: until that is on disk no input is taken.
  /// `invalid_input` when `digest` is not the SHA-256 of `bundle` (hex), or by the scorer.
  Result<void> activate(std::string_view digest, ByteView bundle);

  // The hub. ------------------------------------------------------------------------------------

  Bytes birth_envelope() { return sender_->birth_envelope(); }
  void on_born();
  void on_lost() { sender_->on_lost(); }
  /// Of the gateway's own values.
  void on_acknowledgement(const envelope::Acknowledgement& acknowledgement);

  TierTwoStatus status() const;
  const custody::Journal& journal() const { return *journal_; }

 private:
  struct Position {
    ontology::Incarnation incarnation = 0;
    ontology::Sequence next = 0;
    ontology::Sequence durable = 0;
  };
  struct Edge {
    std::vector<Position> positions;  ///< lives of its journal, oldest first
    Position* find(ontology::Incarnation incarnation);
    const Position* find(ontology::Incarnation incarnation) const;
  };
  /// A form of the scorer's as the journal needs it, for one source of inputs.
  struct Prepared {
    std::shared_ptr<const DerivedForm> form;
    ontology::DeviceSchema schema;
    std::vector<std::uint32_t> recipes;  ///< by the form's number
    std::uint32_t watermark_recipe = 0;
    bool usable = false;
  };
  struct Source {
    std::string edge;
    ontology::Incarnation incarnation = 0;
    auto operator<=>(const Source&) const = default;
  };
  struct Unstaged {
    ontology::DeviceSchema schema;
    ontology::Batch batch;
  };
  enum class Feed : std::uint8_t { live, again };

  TierTwo(engine::World world, TierTwoOptions options, Scorer& scorer, TierTwoLink& link);

  // tier_two_restart.cpp
  Result<void> recover();
  Result<std::optional<Checkpoint>> load_checkpoint();
  void restore_scorer(const Checkpoint& checkpoint);
  Result<void> feed_again(std::uint64_t generation, OutputPosition& output);
  Result<void> collect_pending(const OutputPosition& output);
  Result<void> write_checkpoint(const OutputPosition& output);
  std::string checkpoint_path() const { return options_.directory + "/checkpoint"; }
  std::string bundle_path(std::string_view digest) const {
    return options_.directory + "/model." + std::string(digest);
  }
  void remove_bundles() const;

  bool has_room() const;
  void feed(const ontology::DeviceSchema& schema, const ontology::Batch& batch,
            const Source& source, ontology::Sequence first, sparkplug::DataClass data_class,
            Feed how);
  void derive(DerivedScan& scan, const Source& source, ontology::Sequence first, Feed how);
  Prepared& prepare(const std::shared_ptr<const DerivedForm>& form, const Source& source);
  bool recomputes(const Prepared& prepared, const ontology::Batch& batch, Feed how);
  Digest digest_of(const ontology::DeviceSchema& schema, const ontology::Batch& batch) const;
  void stage(const ontology::DeviceSchema& schema, ontology::Batch batch);
  bool append_unstaged();
  void note_staged();
  void commit();
  Result<void> make_durable();
  void retry();
  void on_durable(const OutputPosition& output);
  void tell_sender(const envelope::Acknowledgement& acknowledgement);
  void arm_tick();
  bool is_clean() const;

  engine::World world_;
  TierTwoOptions options_;
  Scorer& scorer_;
  TierTwoLink& link_;
  std::unique_ptr<custody::Journal> journal_;
  std::unique_ptr<custody::Sender> sender_;
  InputLog log_;
  std::uint64_t generation_ = 0;
  std::map<std::string, Edge, std::less<>> edges_;
  std::map<ontology::DeviceAddress, ontology::DeviceSchema> schemas_;  ///< told to the scorer
  std::map<std::pair<const DerivedForm*, Source>, Prepared> prepared_;
  std::vector<DerivedScan> scans_;
  std::deque<Unstaged> unstaged_;  ///< derived; the journal had to refuse
  PendingScans pending_;
  OutputPosition output_durable_;
  std::map<ontology::Incarnation, envelope::Acknowledgement> hub_told_;
  bool checkpoint_due_ = true;
  bool activating_ = false;  ///< a model is in force of which no checkpoint knows
  bool failing_ = false;
  std::optional<engine::TimerId> commit_timer_, tick_timer_;
  TierTwoStatus counts_;
};

}  // namespace millwright::gateway
