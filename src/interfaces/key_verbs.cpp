#include "interfaces/key_verbs.hpp"

#include <ostream>

#include "base/format.hpp"
#include "base/id.hpp"
#include "governance/keys.hpp"
#include "interfaces/text_table.hpp"

namespace millwright::interfaces {

Result<void> new_key(const KeyOptions& options, Terminal& terminal) {
  if (!is_valid_name(options.person)) {
    return fail(Code::invalid_input, fmt::format("'{}' is no name of a person", options.person),
                "give the name of the Person resource, such as anna");
  }
  const auto key = governance::SecretKey::generate(*terminal.random);
  auto written = terminal.write_file(options.file, key.file_text(), WrittenAs::new_secret);
  if (!written) {
    if (written.error().code() != Code::already_exists) return pass(std::move(written));
    return fail(Code::already_exists, fmt::format("there is a file {} already", options.file),
                "a key is never overwritten: choose another name");
  }
  const std::string text = key.public_key().base64();
  if (options.output == OutputFormat::table) {
    terminal.out << fmt::format(
        "publicKey: {}\n\n"
        "The secret key of {} is in {}; nobody else may read it. Put the line above into the spec "
        "of\nPerson '{}' and apply it.\n",
        text, options.person, options.file, options.person);
    return {};
  }
  View view;
  view.document =
      Json::object({{"person", options.person}, {"publicKey", text}, {"file", options.file}});
  view.headers = {"PERSON", "PUBLIC KEY", "FILE"};
  view.rows.push_back({options.person, text, options.file});
  print(view, options.output, terminal.out);
  return {};
}

}  // namespace millwright::interfaces
