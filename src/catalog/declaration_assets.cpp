// What sites, classes of assets, assets, signals and persons may say. Texts here are the reference
// documentation.
#include "catalog/declaration_tables.hpp"

namespace millwright::catalog {
namespace {

using enum FieldType;
constexpr bool required = true;
constexpr bool optional_field = false;

constexpr Field site_fields[] = {
    {"title", text, "What people call the site.", required},
    {"description", text, "Anything else worth knowing."},
    {"enterprise", name, "ISA-95 enterprise: first part of the path of each asset.", optional_field,
     "plant"},
    {"timeZone", time_zone, "Time zone of the site's clocks on the wall.", required},
    {"location", object, "Where it is."},
    {.path = "location.latitude",
     .type = number,
     .doc = "Degrees north, WGS 84.",
     .required = true,
     .low = -90,
     .high = 90},
    {.path = "location.longitude",
     .type = number,
     .doc = "Degrees east, WGS 84.",
     .required = true,
     .low = -180,
     .high = 180},
    {"location.address", text, "Postal address."},
    {"gateway", name,
     "Id of the site's gateway towards the hub. Absent: edges speak to the hub themselves."},
    {"edges", list, "The edges of the site.", required},
    {"edges[]", object, "One edge."},
    {"edges[].name", name, "Id of the edge on the wire, unique in the site.", required},
    {"edges[].title", text, "What people call it."},
};

constexpr Field asset_type_fields[] = {
    {"title", text, "What people call assets of the type.", required},
    {"description", text, "Anything else worth knowing."},
    {.path = "extends",
     .type = reference,
     .doc =
         "Type whose signals and parameters this one takes over; what stands here overrides them.",
     .refers_to = Kind::asset_type},
    {"signals", list, "Signals that each asset of the type has."},
    {"signals[]", object, "One signal template."},
    {"signals[].name", signal_name, "Quantity, unique in the type.", required},
    {"signals[].title", text, "What people call it."},
    {"signals[].unit", unit, "Unit; required for numbers."},
    {.path = "signals[].datatype",
     .type = choice,
     .doc = "Type of its values.",
     .absent = "float64",
     .choices = choices::datatype},
    {"signals[].range", object, "Values that are possible; others are bad: out_of_range."},
    {"signals[].range.low", number, "Least value, in the unit of the signal."},
    {"signals[].range.high", number, "Greatest value, in the unit of the signal."},
    {.path = "signals[].maxRate",
     .type = number,
     .doc = "Fastest possible change, unit per second; a faster one is uncertain: rate_exceeded.",
     .low = 0},
    {"signals[].stuckAfter", duration, "Unchanged for longer: bad: stuck."},
    {"signals[].period", duration, "Expected time between samples."},
    {"signals[].rawKept", boolean, "Values are stored before filters and deadbands too.",
     optional_field, "false"},
    {"parameters", list, "Facts that each asset of the type states."},
    {"parameters[]", object, "One parameter."},
    {"parameters[].name", signal_name, "Name, unique in the type.", required},
    {"parameters[].title", text, "What people call it."},
    {"parameters[].unit", unit, "Unit of a number."},
};

constexpr Field asset_fields[] = {
    {"title", text, "What people call it; may hold `{key}`.", required},
    {"description", text, "Anything else worth knowing."},
    {.path = "type",
     .type = reference,
     .doc = "What it is.",
     .required = true,
     .refers_to = Kind::asset_type},
    {.path = "site",
     .type = reference,
     .doc = "Where it is.",
     .required = true,
     .refers_to = Kind::site},
    {"area", name, "ISA-95 area: third part of its path.", required},
    {"line", name, "ISA-95 work center (line): fourth part of its path.", required},
    {"partOf", name_or_key, "Asset that it is a part of."},
    {"parameters", map, "Facts by the names of the type's parameters."},
    {"parameters{}", scalar, "Value, in the unit of the parameter."},
    {"each", object, "Makes one asset of each key."},
    {"each.keys", keys, "Keys: ranges of whole numbers and single words.", required},
    {"each.name", name_or_key, "Name of each asset, with `{key}` or `{key:03}`.", required},
};

constexpr Field signal_fields[] = {
    {"title", text, "What people call it."},
    {"description", text, "Anything else worth knowing."},
    {"asset", name, "Asset that it belongs to.", required},
    {"quantity", signal_name,
     "Name in the asset: one of its type's signals, to override it, or a new one.", required},
    {"unit", unit, "Unit.", optional_field, "that of the type"},
    {.path = "datatype",
     .type = choice,
     .doc = "Type of its values.",
     .absent = "that of the type, else float64",
     .choices = choices::datatype},
    {"range", object, "Values that are possible.", optional_field, "that of the type"},
    {"range.low", number, "Least value, in the unit of the signal."},
    {"range.high", number, "Greatest value, in the unit of the signal."},
    {.path = "maxRate",
     .type = number,
     .doc = "Fastest possible change, unit per second.",
     .absent = "that of the type",
     .low = 0},
    {"stuckAfter", duration, "Unchanged for longer: bad: stuck.", optional_field,
     "that of the type"},
    {"period", duration, "Expected time between samples.", optional_field, "that of the type"},
    {"rawKept", boolean, "Values are stored before filters and deadbands too.", optional_field,
     "that of the type"},
    {"sources", list, "Metrics that measured it, each for a time.", optional_field,
     "the asset's devices, by the names of their metrics"},
    {"sources[]", object, "One source. Sources do not overlap in time."},
    {"sources[].device", name, "Id of the device.", required},
    {"sources[].edge", name, "Its edge, when the site has several devices of that id."},
    {"sources[].metric", signal_name, "Metric of the device.", required},
    {"sources[].from", timestamp, "Since when, inclusive.", optional_field, "ever"},
    {"sources[].until", timestamp, "Until when, exclusive.", optional_field, "for ever"},
    {"calibration", object, "The calibration in force."},
    {"calibration.certificate", text, "Number or address of the certificate.", required},
    {"calibration.calibrated", timestamp, "When it was made.", required},
    {"calibration.validUntil", timestamp, "When it ends."},
    {.path = "calibration.uncertainty",
     .type = number,
     .doc = "Expanded uncertainty (k = 2), in the unit of the signal.",
     .low = 0},
};

constexpr Field person_fields[] = {
    {"fullName", text, "Name.", required},
    {"email", email, "Address.", required},
    {"publicKey", ed25519_key,
     "Ed25519 public key, with which approvals are checked; `millwright key new` makes a pair.",
     optional_field, "cannot approve"},
    {"roles", list, "What the person is here.", required},
    {.path = "roles[]", .type = choice, .doc = "One role.", .choices = choices::role},
    {"sites", list, "Sites where the roles hold.", optional_field, "all sites"},
    {.path = "sites[]", .type = reference, .doc = "One site.", .refers_to = Kind::site},
};

}  // namespace

namespace tables {
std::span<const Field> site() {
  return site_fields;
}
std::span<const Field> asset_type() {
  return asset_type_fields;
}
std::span<const Field> asset() {
  return asset_fields;
}
std::span<const Field> signal() {
  return signal_fields;
}
std::span<const Field> person() {
  return person_fields;
}
}  // namespace tables

}  // namespace millwright::catalog
