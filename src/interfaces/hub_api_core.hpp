// The inside of HubApi: state and handlers, all on the hub's executor.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "interfaces/answer.hpp"
#include "interfaces/endpoints.hpp"
#include "interfaces/hub_api.hpp"

namespace millwright::interfaces {

/// Online, offline, or not known: a hub that does not hear does not guess.
enum class Presence : std::uint8_t { online, offline, unknown };
std::string_view name_of(Presence presence);

/// Everything known of one producer, from the session and from the account.
struct ProducerView {
  hub::ProducerStatus status;
  bool is_heard = false;    ///< in the session of this hub process
  bool is_gateway = false;  ///< others speak through it
  Presence presence = Presence::unknown;
  double samples_per_s = 0;
  std::uint64_t sent = 0, stored = 0, lost = 0, duplicates = 0, unexplained = 0;
  std::uint64_t in_flight = 0;  ///< accepted by the edge, not yet stored or declared lost
};

class HubApi::Core : public std::enable_shared_from_this<HubApi::Core> {
 public:
  Core(hub::HubCore& hub, engine::Executor& executor, const Clock& clock, HubApiOptions options);
  void start();
  void stop();
  engine::Executor& executor() { return executor_; }

  void handle(HttpRequest request, Responder respond);

 private:
  struct Counts {
    Duration at{0};
    std::uint64_t samples = 0;
    std::uint64_t messages = 0;
    std::map<ontology::ProducerId, std::uint64_t> by_producer;
  };

  void tick();
  void dispatch(const Endpoint& endpoint, const HttpRequest& request, Responder respond);
  HttpResponse healthz() const;
  HttpResponse metrics() const;
  Json status_json() const;
  Json sites_json(const std::vector<ProducerView>& views) const;
  Json edge_json(const ProducerView& view) const;
  std::vector<ProducerView> views(const hub::HubStatus& status) const;
  Presence presence_of(const hub::HubStatus& status, const ProducerView& view) const;
  double rate_of(const ontology::ProducerId& id) const;
  std::string event() const;

  void ledger(const HttpRequest& request, Responder respond);
  void ledger_interval(const HttpRequest& request, Json lines, Responder respond);
  Result<Json> ledger_lines(const std::string& producer) const;
  void query(const HttpRequest& request, Responder respond);
  HttpResponse last(const HttpRequest& request) const;
  void range(const HttpRequest& request, Responder respond);
  void buckets(const historian::SeriesDefinition& definition, const HttpRequest& request,
               const historian::RangeQuery& query, Responder respond);
  Result<const historian::SeriesDefinition*> series_of(const HttpRequest& request) const;
  void seal(Responder respond);
  void verify(Responder respond);
  void audit(Responder respond);
  void wait_for_event(Responder respond);

  hub::HubCore& hub_;
  historian::Historian& historian_;
  engine::Executor& executor_;
  const Clock& clock_;
  HubApiOptions options_;
  Duration started_;
  bool stopped_ = false;
  std::deque<Counts> history_;  ///< one a second, the last few
  std::vector<Responder> waiting_;
};

/// Reads an RFC 3339 parameter; absent: `otherwise`.
Result<Timestamp> time_parameter(const HttpRequest& request, std::string_view name,
                                 Timestamp otherwise);
Result<std::uint64_t> count_parameter(const HttpRequest& request, std::string_view name,
                                      std::uint64_t otherwise, std::uint64_t most);

}  // namespace millwright::interfaces
