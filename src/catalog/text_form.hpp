// The forms of single texts in documents: names of signals, time zones, ids.
#pragma once

#include <string>
#include <string_view>

namespace millwright::catalog {

/// Only ASCII letters, digits and `others`.
bool consists_of(std::string_view text, std::string_view others);
bool is_signal_name(std::string_view text);
/// An IANA name by its form, `UTC` or `+hh:mm`.
bool is_time_zone(std::string_view text);
/// The name of a Person, also as `person/NAME`, or `role/NAME`.
bool is_party(std::string_view text);
/// Three capital letters (ISO 4217).
bool is_currency(std::string_view text);
/// An id made of what was written, for the remedy; empty when nothing is left.
std::string id_like(std::string_view text);

}  // namespace millwright::catalog
