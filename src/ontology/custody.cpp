#include "ontology/custody.hpp"

namespace millwright::ontology {

std::string_view name_of(LossCause cause) {
  switch (cause) {
    case LossCause::inbox_full:
      return "inbox_full";
    case LossCause::buffer_full:
      return "buffer_full";
    case LossCause::disk_error:
      return "disk_error";
    case LossCause::journal_corrupt:
      return "journal_corrupt";
    case LossCause::journal_lost:
      return "journal_lost";
  }
  return "unknown";
}

}  // namespace millwright::ontology
