// The core of the hub: Sparkplug host session → custody → historian. Takes samples of each producer
// in sequence, commits in groups, and acknowledges only what is durable. Foreign edges are stored
// as best effort.
//
// Single-threaded on the world's executor. Bounds: the historian's staged bytes; what does not fit
// is not taken, and the producer, who keeps it until acknowledged, sends it again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/world.hpp"
#include "fabric/historian/historian.hpp"
#include "fabric/links/host_link.hpp"

namespace millwright::hub {

struct HubOptions {
  links::HostLinkOptions link;
  Duration commit_interval = std::chrono::milliseconds(20);
  std::uint64_t commit_rows = 50'000;  ///< or so many staged rows
  Duration repeat_interval = std::chrono::seconds(
      1);  ///< acknowledgements are repeated so often while a producer is active
};

/// What the hub knows of a producer beside its account.
struct ProducerStatus {
  ontology::ProducerId id;
  historian::Custody custody = historian::Custody::best_effort;
  bool online = false;
  std::string via;                        ///< edge node that speaks for it: itself, or its gateway
  ontology::Incarnation incarnation = 0;  ///< as it reported
  std::uint64_t samples_accepted = 0;     ///< as it reported, this incarnation
  std::uint64_t samples_waiting = 0;
  std::uint64_t bytes_waiting = 0;
  bool input_ended = false;
  std::string running;                 ///< what it attests to run, as it reported last
  std::uint64_t samples_received = 0;  ///< stored by this process
  std::uint64_t gaps = 0;              ///< runs refused because something before them was missing
  std::optional<Timestamp> heard_at;
};

struct HubStatus {
  bool online = false;
  std::uint64_t messages = 0;
  std::uint64_t samples = 0;      ///< taken by this process
  std::uint64_t undecodable = 0;  ///< envelopes that did not decode or apply
  std::vector<ProducerStatus> producers;
  std::vector<std::pair<std::string, std::uint64_t>> problems;  ///< by name, of the host session
};

class HubCore final : public links::HostListener {
 public:
  /// `historian` is owned by the caller and lives on the same executor.
  static Result<std::unique_ptr<HubCore>> create(engine::World world, HubOptions options,
                                                 historian::Historian& historian);
  ~HubCore() override;

  void start();
  void stop();
  HubStatus status() const;
  historian::Historian& historian() { return historian_; }
  links::HostLink& link() { return *link_; }
  /// To the node of a producer, directly or through its gateway; `Millwright/Release` goes this
  /// way. `not_found`: no birth of it was heard; `unavailable`: not connected.
  Result<void> command(const ontology::ProducerId& producer,
                       std::span<const sparkplug::CommandMetric> metrics);

  void on_host_event(sparkplug::HostAction& event) override;

 private:
  struct Producer {
    ProducerStatus status;
    std::optional<sparkplug::NodeNumber> node;
    bool heard_node = false;  ///< its node's birth was heard: only then its custody is known
    std::vector<historian::ProvenanceNumber> provenance{0};  ///< session number → historian's
    std::set<ontology::Incarnation> owed;  ///< incarnations of which an acknowledgement is due
    std::set<ontology::Incarnation> held;  ///< told that it has arrived, not that it is stored
    Duration told_at{0};
  };
  struct Device {
    std::uint32_t producer = 0;
    std::shared_ptr<const ontology::DeviceSchema> schema;
    std::vector<ontology::SeriesNumber>
        series;  ///< by slot; empty for the platform's own telemetry
    bool is_node = false;
  };

  HubCore(engine::World world, HubOptions options, historian::Historian& historian);
  std::uint32_t producer_of(const ontology::DeviceAddress& address);
  void on_birth(sparkplug::HostAction& event);
  void on_data(sparkplug::HostAction& event);
  void on_producer_birth(Producer& producer, const envelope::Envelope& birth);
  void on_enveloped(Producer& producer, Device& device, sparkplug::HostAction& event);
  void on_losses(Producer& producer, const envelope::Envelope& envelope);
  void on_telemetry(Producer& producer, const Device& device, const ontology::Batch& batch);
  void store_foreign(Producer& producer, Device& device, const ontology::Batch& batch);
  void define(Producer& producer, const envelope::Envelope& envelope);
  bool append(const historian::IncomingBatch& incoming);
  void note_staged(std::uint64_t rows);
  void commit();
  void owe(Producer& producer, ontology::Incarnation incarnation);
  void acknowledge();
  void release_held();
  void repeat();

  engine::World world_;
  HubOptions options_;
  historian::Historian& historian_;
  std::unique_ptr<links::HostLink> link_;
  std::vector<Producer> producers_;
  std::map<ontology::ProducerId, std::uint32_t> producer_numbers_;
  std::vector<Device> devices_;  ///< by DeviceNumber of the session
  std::optional<engine::TimerId> commit_timer_, repeat_timer_, held_timer_;
  bool acknowledge_posted_ = false;
  std::uint64_t staged_rows_ = 0;
  HubStatus counts_;
};

}  // namespace millwright::hub
