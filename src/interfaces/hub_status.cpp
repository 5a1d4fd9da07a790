// What the hub knows, as JSON: status, sites, health.
#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "interfaces/hub_api_core.hpp"

namespace millwright::interfaces {

namespace {

double seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

double per_second(std::uint64_t before, std::uint64_t now, Duration span) {
  if (span <= Duration(0) || now < before) return 0;
  return static_cast<double>(now - before) / seconds(span);
}

}  // namespace

std::string_view name_of(Presence presence) {
  switch (presence) {
    case Presence::online:
      return "online";
    case Presence::offline:
      return "offline";
    case Presence::unknown:
      return "unknown";
  }
  return "unknown";
}

double HubApi::Core::rate_of(const ontology::ProducerId& id) const {
  if (history_.size() < 2) return 0;
  const auto before = history_.front().by_producer.find(id);
  const auto now = history_.back().by_producer.find(id);
  if (now == history_.back().by_producer.end()) return 0;
  const std::uint64_t from = before == history_.front().by_producer.end() ? 0 : before->second;
  return per_second(from, now->second, history_.back().at - history_.front().at);
}

Presence HubApi::Core::presence_of(const hub::HubStatus& status, const ProducerView& view) const {
  if (!status.online || !view.is_heard || !view.status.heard_at) return Presence::unknown;
  if (!view.status.online) return Presence::offline;
  const Duration age = clock_.utc_now() - *view.status.heard_at;
  return age > options_.unknown_after ? Presence::unknown : Presence::online;
}

std::vector<ProducerView> HubApi::Core::views(const hub::HubStatus& status) const {
  std::map<ontology::ProducerId, ProducerView> by_id;
  for (const auto& producer : status.producers) {
    ProducerView& view = by_id[producer.id];
    view.status = producer;
    view.is_heard = true;
    view.samples_per_s = rate_of(producer.id);
  }
  for (const auto& line : historian_.ledger()) {
    ProducerView& view = by_id[line.producer];
    if (!view.is_heard) {
      view.status.id = line.producer;
      view.status.custody = line.custody;
    }
    view.sent += line.sent;
    view.stored += line.stored;
    view.lost += line.lost;
    view.duplicates += line.duplicates;
    view.unexplained += line.unexplained();
    if (view.is_heard && line.incarnation == view.status.incarnation) {
      const std::uint64_t known = line.stored + line.lost;
      view.in_flight =
          view.status.samples_accepted > known ? view.status.samples_accepted - known : 0;
    }
  }
  std::set<ontology::ProducerId> gateways;
  for (const auto& [id, view] : by_id) {
    if (!view.status.via.empty() && view.status.via != id.edge) {
      gateways.insert({id.site, view.status.via});
    }
  }
  std::vector<ProducerView> out;
  for (auto& [id, view] : by_id) {
    view.is_gateway = gateways.contains(id);
    view.presence = presence_of(status, view);
    out.push_back(std::move(view));
  }
  return out;
}

Json HubApi::Core::edge_json(const ProducerView& view) const {
  const auto& status = view.status;
  Json out = Json::object({{"edge", status.id.edge},
                           {"state", name_of(view.presence)},
                           {"best_effort", status.custody == historian::Custody::best_effort},
                           {"samples_per_s", view.samples_per_s}});
  if (!status.via.empty() && status.via != status.id.edge) out.set("via", status.via);
  if (status.heard_at) {
    out.set("heard_at", to_rfc3339(*status.heard_at));
    out.set("age_s", seconds(clock_.utc_now() - *status.heard_at));
  }
  out.set("waiting_samples", exact(status.samples_waiting));
  out.set("waiting_bytes", exact(status.bytes_waiting));
  out.set("input_ended", status.input_ended);
  out.set("gaps", exact(status.gaps));
  out.set("stored", exact(view.stored));
  out.set("lost", exact(view.lost));
  out.set("unexplained", exact(view.unexplained));
  out.set("in_flight", exact(view.in_flight));
  return out;
}

Json HubApi::Core::sites_json(const std::vector<ProducerView>& views) const {
  Json out = Json::array();
  std::set<std::string> sites;
  for (const auto& view : views) sites.insert(view.status.id.site);
  for (const std::string& site : sites) {
    Json edges = Json::array();
    Json gateways = Json::array();
    double rate = 0;
    std::uint64_t waiting = 0, bytes = 0;
    for (const auto& view : views) {
      if (view.status.id.site != site) continue;
      rate += view.samples_per_s;
      waiting += view.status.samples_waiting;
      bytes += view.status.bytes_waiting;
      (view.is_gateway ? gateways : edges).push(edge_json(view));
    }
    out.push(Json::object({{"site", site},
                           {"samples_per_s", rate},
                           {"waiting_samples", exact(waiting)},
                           {"waiting_bytes", exact(bytes)},
                           {"gateways", std::move(gateways)},
                           {"edges", std::move(edges)}}));
  }
  return out;
}

Json HubApi::Core::status_json() const {
  const auto status = hub_.status();
  const auto all = views(status);
  ProducerView sum;
  std::uint64_t best_effort = 0;
  for (const auto& view : all) {
    sum.sent += view.sent;
    sum.stored += view.stored;
    sum.lost += view.lost;
    sum.duplicates += view.duplicates;
    sum.unexplained += view.unexplained;
    sum.in_flight += view.in_flight;
    sum.status.samples_waiting += view.status.samples_waiting;
    sum.status.bytes_waiting += view.status.bytes_waiting;
    if (view.status.custody == historian::Custody::best_effort && view.stored > 0) ++best_effort;
  }
  const bool rated = history_.size() > 1;
  const Duration span = rated ? history_.back().at - history_.front().at : Duration(0);
  const auto stats = historian_.stats();
  Json problems = Json::array();
  for (const auto& [name, count] : status.problems) {
    problems.push(Json::object({{"name", name}, {"count", exact(count)}}));
  }
  Json totals = Json::object(
      {{"samples", exact(status.samples)},
       {"samples_per_s",
        rated ? per_second(history_.front().samples, history_.back().samples, span) : 0.0},
       {"messages", exact(status.messages)},
       {"messages_per_s",
        rated ? per_second(history_.front().messages, history_.back().messages, span) : 0.0},
       {"undecodable", exact(status.undecodable)},
       {"waiting_samples", exact(sum.status.samples_waiting)},
       {"waiting_bytes", exact(sum.status.bytes_waiting)}});
  Json ledger = Json::object({{"sent", exact(sum.sent)},
                              {"stored", exact(sum.stored)},
                              {"lost", exact(sum.lost)},
                              {"duplicates", exact(sum.duplicates)},
                              {"unexplained", exact(sum.unexplained)},
                              {"in_flight", exact(sum.in_flight)},
                              {"best_effort_producers", exact(best_effort)}});
  Json store = Json::object({{"revision", exact(stats.revision)},
                             {"rows_committed", exact(stats.rows_committed)},
                             {"commits", exact(stats.commits)},
                             {"rows_hot", exact(stats.rows_hot)},
                             {"rows_sealed", exact(stats.rows_sealed)},
                             {"log_bytes", exact(stats.log_bytes)},
                             {"segments", exact(stats.segments)},
                             {"segment_bytes", exact(stats.segment_bytes)},
                             {"series", exact(stats.series)},
                             {"rows_hot_max", exact(stats.rows_hot_max)},
                             {"sealing", stats.sealing},
                             {"damages", exact(std::uint64_t{historian_.damages().size()})}});
  const std::uint64_t resident = options_.resident_bytes ? options_.resident_bytes() : 0;
  return Json::object({{"host", options_.host_id},
                       {"version", options_.version},
                       {"simulated", options_.simulated},
                       {"now", to_rfc3339(clock_.utc_now())},
                       {"uptime_s", seconds(clock_.monotonic_now() - started_)},
                       {"online", status.online},
                       {"totals", std::move(totals)},
                       {"ledger", std::move(ledger)},
                       {"historian", std::move(store)},
                       {"process", Json::object({{"resident_bytes", exact(resident)}})},
                       {"problems", std::move(problems)},
                       {"sites", sites_json(all)}});
}

HttpResponse HubApi::Core::healthz() const {
  Json reasons = Json::array();
  const auto stats = historian_.stats();
  if (!hub_.link().is_online()) reasons.push("the link to the broker is down");
  if (stats.rows_hot > stats.rows_hot_max) {
    reasons.push(fmt::format("{} rows wait to be sealed, more than {}: nothing more is taken",
                             stats.rows_hot, stats.rows_hot_max));
  }
  const bool healthy = reasons.items().empty();
  auto answer = json_answer(Json::object(
      {{"healthy", healthy}, {"host", options_.host_id}, {"reasons", std::move(reasons)}}));
  if (!healthy) answer.status = 503;
  return answer;
}

}  // namespace millwright::interfaces
