#include "interfaces/completion.hpp"

#include "base/format.hpp"

namespace millwright::interfaces {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

/// For a single-quoted shell word.
std::string quoted(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

std::string bash_script(const std::vector<CompletedVerb>& verbs) {
  std::string names, cases;
  for (const auto& verb : verbs) {
    names += (names.empty() ? "" : " ") + verb.name;
    cases += fmt::format("    {}) words='{}'; parts='{}' ;;\n", verb.name, joined(verb.options),
                         joined(verb.verbs));
  }
  return "# bash completion of millwright: source <(millwright completion bash)\n"
         "_millwright() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} words= parts=\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W '" +
         names +
         " --help --version' -- \"$current\"))\n"
         "    return\n"
         "  fi\n"
         "  case ${COMP_WORDS[1]} in\n" +
         cases +
         "  esac\n"
         "  if [ \"$COMP_CWORD\" -eq 2 ] && [ -n \"$parts\" ]; then\n"
         "    COMPREPLY=($(compgen -W \"$parts\" -- \"$current\"))\n"
         "  elif [[ $current == -* ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  else\n"
         "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "  fi\n"
         "}\n"
         "complete -o filenames -F _millwright millwright\n";
}

std::string zsh_script(const std::vector<CompletedVerb>& verbs) {
  std::string names, cases;
  for (const auto& verb : verbs) {
    names += fmt::format("    '{}:{}'\n", verb.name, quoted(verb.description));
    cases += fmt::format("    {}) options=({}) parts=({}) ;;\n", verb.name, joined(verb.options),
                         joined(verb.verbs));
  }
  return "#compdef millwright\n"
         "# zsh completion of millwright: source <(millwright completion zsh)\n"
         "_millwright() {\n"
         "  local -a verbs options parts\n"
         "  verbs=(\n" +
         names +
         "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe 'verb' verbs\n"
         "    return\n"
         "  fi\n"
         "  case $words[2] in\n" +
         cases +
         "  esac\n"
         "  if (( CURRENT == 3 && $#parts )); then\n"
         "    compadd -- $parts\n"
         "  elif [[ $words[CURRENT] == -* ]]; then\n"
         "    compadd -- $options\n"
         "  else\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "compdef _millwright millwright\n";
}

std::string fish_script(const std::vector<CompletedVerb>& verbs) {
  std::string out = "# fish completion of millwright: millwright completion fish | source\n";
  for (const auto& verb : verbs) {
    out += fmt::format("complete -c millwright -n __fish_use_subcommand -f -a {} -d '{}'\n",
                       verb.name, quoted(verb.description));
    if (!verb.verbs.empty()) {
      out += fmt::format("complete -c millwright -n '__fish_seen_subcommand_from {}' -f -a '{}'\n",
                         verb.name, joined(verb.verbs));
    }
    for (const auto& option : verb.options) {
      out += fmt::format("complete -c millwright -n '__fish_seen_subcommand_from {}' {} {}\n",
                         verb.name, option.starts_with("--") ? "-l" : "-s",
                         option.substr(option.find_first_not_of('-')));
    }
  }
  return out;
}

}  // namespace

Result<std::string> completion_script(std::string_view shell,
                                      const std::vector<CompletedVerb>& verbs) {
  if (shell == "bash") return bash_script(verbs);
  if (shell == "zsh") return zsh_script(verbs);
  if (shell == "fish") return fish_script(verbs);
  return fail(Code::invalid_input, fmt::format("there is no completion for '{}'", shell),
              "ask for bash, zsh or fish");
}

}  // namespace millwright::interfaces
