// Opening the office: declared people and rules, the key of the log, the replay.
#include "base/format.hpp"
#include "catalog/declaration.hpp"
#include "governance/event.hpp"
#include "stewardship/office.hpp"

namespace millwright::stewardship {
namespace {

using catalog::Kind;

governance::RaciRule to_governance(const catalog::RaciRule& rule) {
  governance::RaciRule out;
  out.object_kind = catalog::snake_case(rule.object);
  out.decision = rule.decision;
  out.responsible = rule.responsible;
  out.accountable = rule.accountable;
  out.consulted = rule.consulted;
  out.informed = rule.informed;
  return out;
}

}  // namespace

Office::Office(OfficeOptions options, engine::Disk& disk, const Clock& clock, Log& log,
               std::vector<catalog::Resource> resources)
    : options_(std::move(options)),
      disk_(disk),
      clock_(clock),
      log_(log),
      resources_(std::move(resources)) {}

Office::~Office() = default;

Result<std::unique_ptr<Office>> Office::open(OfficeOptions options, engine::Disk& disk,
                                             const Clock& clock, Random& random, Log& log,
                                             std::vector<catalog::Resource> resources) {
  std::unique_ptr<Office> office(
      new Office(std::move(options), disk, clock, log, std::move(resources)));
  if (auto done = office->read_resources(); !done)
    return pass(std::move(done), "opening the office");
  if (auto done = office->open_log(random); !done)
    return pass(std::move(done), "opening the office");
  return office;
}

Result<void> Office::read_resources() {
  std::vector<catalog::RoleSpec> roles;
  governance::RaciPeople people;
  for (const auto& resource : resources_) {
    if (resource.key.kind == Kind::role) roles.push_back(catalog::parse_role_spec(resource.spec));
    if (resource.key.kind != Kind::person) continue;
    auto person = catalog::parse_person_spec(resource.spec);
    people.persons[resource.key.name] = person.roles;
    people_[resource.key.name] = std::move(person);
  }
  for (const auto role : catalog::choices::role) people.roles.emplace_back(role);
  std::vector<governance::RaciRule> rules;
  for (const auto& rule : catalog::raci_rules(roles)) rules.push_back(to_governance(rule));
  auto table = governance::RaciTable::create(std::move(rules), std::move(people));
  if (!table) return pass(std::move(table), "the rules of the Role resources");
  raci_ = std::move(*table);
  return {};
}

Result<void> Office::open_log(Random& random) {
  const std::string& directory = options_.directory;
  if (auto done = disk_.make_directories(directory); !done) return done;
  auto store = operations::ArtifactStore::open(disk_, directory + "/artifacts");
  if (!store) return pass(std::move(store));
  artifacts_ = std::move(*store);
  rollouts_.emplace([this](const Digest& digest) { return artifacts_->get(digest); });
  const std::string key_file = directory + "/log.key";
  auto exists = disk_.exists(key_file);
  if (!exists) return pass(std::move(exists));
  if (!*exists) {
    const auto made = governance::SecretKey::generate(random);
    auto done = engine::replace_whole(disk_, key_file, as_bytes(made.file_text()));
    if (!done) return done;
  }
  auto text = engine::read_whole(disk_, key_file);
  if (!text) return pass(std::move(text));
  auto key = governance::SecretKey::parse_file(as_text(*text));
  if (!key) return pass(std::move(key), key_file);
  auto audit = governance::AuditLog::open(disk_, *key, {directory + "/audit", options_.origin});
  if (!audit) return pass(std::move(audit));
  audit_ = std::move(*audit);
  return audit_->replay(0, [this](governance::EntryIndex index, const governance::Event& event) {
    return apply(index, event);
  });
}

std::vector<std::pair<std::string, catalog::UseCaseSpec>> Office::use_cases() const {
  std::vector<std::pair<std::string, catalog::UseCaseSpec>> out;
  for (const auto& resource : resources_) {
    if (resource.key.kind == Kind::use_case)
      out.emplace_back(resource.key.name, catalog::parse_use_case_spec(resource.spec));
  }
  return out;
}

std::optional<catalog::KpiSpec> Office::kpi(std::string_view name) const {
  for (const auto& resource : resources_) {
    if (resource.key.kind == Kind::kpi && resource.key.name == name)
      return catalog::parse_kpi_spec(resource.spec);
  }
  return std::nullopt;
}

std::optional<catalog::ModelSpec> Office::model(std::string_view name) const {
  for (const auto& resource : resources_) {
    if (resource.key.kind == Kind::model && resource.key.name == name)
      return catalog::parse_model_spec(name, resource.spec);
  }
  return std::nullopt;
}

const catalog::PersonSpec* Office::person(std::string_view name) const {
  const auto found = people_.find(name);
  return found == people_.end() ? nullptr : &found->second;
}

std::vector<std::string> Office::person_names() const {
  std::vector<std::string> names;
  for (const auto& [name, person] : people_) names.push_back(name);
  return names;
}

}  // namespace millwright::stewardship
